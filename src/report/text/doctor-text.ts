import pc from 'picocolors';
import { bytes } from '../../../ipu-config/base/format.js';
import type { Availability, Doctor } from '../../machine/doctor.js';

/** What a machine offers, for people. */
export function doctorText(doctor: Doctor): string {
  const { environment, gpuJs, onnx, auto } = doctor;
  const line = (label: string, text: string): string => `  ${label.padEnd(16)}${text}`;
  return [
    pc.bold('Machine'),
    line('system', `${environment.platform}, Node ${environment.node}`),
    line('processor', `${environment.cpu}, ${environment.cores} cores`),
    line('features', doctor.cpuFeatures?.join(' ') ?? 'not told by this system'),
    line('memory', `${bytes(environment.memoryBytes)}, ${bytes(doctor.freeMemoryBytes)} free`),
    '',
    pc.bold('WebGPU adapters'),
    ...(gpuJs.adapters.length === 0 ? ['  none'] : []),
    ...gpuJs.adapters.map((adapter) =>
      line(
        adapter.isSoftware ? 'software' : 'hardware',
        `${adapter.description} (${adapter.vendor} ${adapter.architecture}), buffers up to ${bytes(adapter.maxBufferBytes)}`,
      ),
    ),
    '',
    pc.bold('Executors'),
    ...Object.entries(gpuJs.modes).map(([mode, state]) => line(`gpu.js:${mode}`, availability(state))),
    line(
      'onnx',
      onnx.available
        ? `yes: ONNX Runtime ${onnx.version}, with ${onnx.backends?.join(', ')}`
        : availability(onnx),
    ),
    line('reference', 'yes: double precision, slow'),
    line('auto', `takes ${auto.name}: ${auto.reason}`),
  ].join('\n');
}

function availability({ available, note }: Availability): string {
  const answer = available ? 'yes' : pc.yellow('no');
  return note === undefined ? answer : `${answer}: ${note}`;
}
