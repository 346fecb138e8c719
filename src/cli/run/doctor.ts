import { Command } from 'commander';
import { examineMachine } from '../../machine/doctor.js';
import { doctorText } from '../../report/text/doctor-text.js';

/** `ipu-pipeline doctor`: what this machine offers. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'print what this machine offers: adapters, modes of gpu.js, ONNX Runtime, processor, memory, and what\n' +
        '--executor auto would take',
    )
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const doctor = await examineMachine();
      command.configureOutput().writeOut?.(`${json ? JSON.stringify(doctor) : doctorText(doctor)}\n`);
    });
}
