import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { probeGpuJs } from 'ipu-pipeline/internals';

/** Chromium brings a Vulkan driver that computes on the processor, and the loader that finds drivers. */
const FOLDER = '/usr/lib/chromium';
const DRIVER = `${FOLDER}/vk_swiftshader_icd.json`;
const LOADER = `${FOLDER}/libvulkan.so.1`;
/** glibc's RTLD_NODELETE, which Node does not name: the library stays although it is no addon of Node's. */
const RTLD_NODELETE = 0x1000;

/** The tests of webgpu run on this machine's GPU. */
export const onHardware = Boolean(process.env['IPU_PIPELINE_TEST_GPU']);

/**
 * Lets Dawn, in this process and its threads, find SwiftShader. A GPU that answers is used instead when
 * IPU_PIPELINE_TEST_GPU is set: the same tests then run on it.
 */
async function provide(): Promise<{ available: boolean; reason: string }> {
  if (onHardware) {
    const probed = await probeGpuJs();
    const count = 'facts' in probed ? probed.facts.adapters.length : 0;
    return { available: count > 0, reason: 'no adapter answers' };
  }
  if (!existsSync(DRIVER))
    return { available: false, reason: `${DRIVER} is not there (apt install chromium)` };
  process.env['VK_DRIVER_FILES'] = DRIVER;
  if (existsSync(LOADER)) {
    try {
      const flags = constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE;
      process.dlopen({ exports: {} }, LOADER, flags);
    } catch {
      // Loaded, but it is not an addon: that is what Node complains of.
    }
  }
  return { available: true, reason: '' };
}

export const webGpu = await provide();
if (!webGpu.available) console.log(`skipped: gpu.js:webgpu, because ${webGpu.reason}`);

/** Environment of a child process in which Dawn finds SwiftShader. */
export const SWIFTSHADER_ENV = { LD_LIBRARY_PATH: FOLDER, VK_DRIVER_FILES: DRIVER };
