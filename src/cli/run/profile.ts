import { Command, InvalidArgumentError } from 'commander';
import { writeOutput } from '../../../ipu-config/base/files/output-file.js';
import type { MachineProfile } from '../../machine/machine-profile.js';
import type { MeasureHooks } from '../../machine/measure-model.js';
import { profileMachine } from '../../machine/profile-machine.js';
import { profileText } from '../../report/text/profile-text.js';
import { abortOnInterrupt } from '../flags/ending.js';
import { executorOf, withExecutorOption } from '../flags/executor-option.js';
import { openModelWithBar } from '../flags/open-model.js';
import { MOST, wholeNumber } from '../flags/options.js';
import { OutputOption } from '../flags/outputs.js';
import { ProgressBars, type Progress } from '../flags/progress.js';

interface ProfileFlags {
  readonly model: readonly string[];
  readonly executor: string;
  readonly seqLen: readonly number[];
  readonly microBatch: readonly number[];
  readonly maxSeconds: number;
  readonly output?: string;
  readonly json?: boolean;
}

/** What `bench --predict` measures as well when it is given no profile. */
export const PROFILED_LENGTHS = [16, 128, 384];
export const PROFILED_MICRO_BATCHES = [1, 2, 4];

/** `ipu-pipeline profile`: this machine as hardware. */
export function profileCommand(): Command {
  return withExecutorOption(new Command('profile'))
    .description(
      'measure how long the parts of a model take on this machine, alone and beside each other, and fit the rule\n' +
        'that bench --predict and --system FILE predict with',
    )
    .option(
      '--model <models...>',
      'Hugging Face directories, ORG/NAME of the hub, or synthetic:SIZE (bert-base, roberta-large, …)',
      ['synthetic:bert-base'],
    )
    .option('--seq-len <n,…>', 'tokens in a row', (text) => wholeNumbers(text), PROFILED_LENGTHS)
    .option(
      '--micro-batch <n,…>',
      'rows in a micro-batch',
      (text) => wholeNumbers(text, MOST.rows),
      PROFILED_MICRO_BATCHES,
    )
    .option('--max-seconds <s>', 'for each model, loading included', wholeNumber(1), 150)
    .addOption(new OutputOption('-o, --output <file>', 'write the profile to a file'))
    .option('--json', 'print the profile as JSON')
    .action(async (flags: ProfileFlags, command: Command) => {
      const profile = await measure(flags);
      if (flags.output !== undefined) writeOutput(flags.output, `${JSON.stringify(profile, null, 2)}\n`);
      const text = flags.json ? JSON.stringify(profile) : profileText(profile);
      command.configureOutput().writeOut?.(`${text}\n`);
    });
}

function wholeNumbers(text: string, most?: number): number[] {
  const parse = wholeNumber(1, most);
  const numbers = text.split(',').map((part) => {
    try {
      return parse(part);
    } catch {
      const bound = most === undefined ? '' : ` and ${most} at most`;
      throw new InvalidArgumentError(`It must be whole numbers of at least 1${bound}, such as 1,2.`);
    }
  });
  return [...new Set(numbers)];
}

async function measure(flags: ProfileFlags): Promise<MachineProfile> {
  const signal = abortOnInterrupt();
  const executor = await executorOf(flags);
  const models = [];
  for (const name of flags.model) models.push(await openModelWithBar(name, signal));
  const bars = new ProgressBars();
  try {
    return await profileMachine(
      {
        models,
        executor,
        sequenceLengths: flags.seqLen,
        microBatches: flags.microBatch,
        maxSeconds: flags.maxSeconds,
        signal,
      },
      { onModel: (name) => profileBars(bars, name) },
    );
  } finally {
    bars.stop();
  }
}

/** One bar for loading, then one for each round. */
export function profileBars(bars: ProgressBars, model: string): MeasureHooks {
  let bar: Progress | undefined;
  const next = (name: string): void => {
    bar?.stop();
    bar = bars.start(`${model}: ${name}`, 100, '%');
  };
  return {
    onLoading(share) {
      if (!bar) next('loading');
      bar?.update(Math.round(share * 100));
    },
    onRound: (round) => next(round === 0 ? 'warming up' : `round ${round}`),
    onProgress: (share) => bar?.update(Math.round(share * 100)),
  };
}
