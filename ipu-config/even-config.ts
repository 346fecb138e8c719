import { IpuConfig } from './ipu-config.js';

/** An even split over so many IPUs, where nobody says another; its calls just fill the pipeline. In inference mode. */
export function evenConfig(ipus: number): IpuConfig {
  const config = new IpuConfig({
    layers_per_ipu: new Array<number>(ipus).fill(-1),
    inference_device_iterations: ipus,
  });
  config.eval();
  return config;
}
