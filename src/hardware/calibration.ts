import type { IpuRun } from './run-spec.js';

/** How far predictions of a kind of run were from measurements. */
export interface Calibration {
  /** `BERT pre-training`; of runs that were never measured, what they are. */
  readonly kind: string;
  /** Whether runs of this kind were calibrated on: else the errors are those of the nearest that were measured, if any. */
  readonly isCalibrated: boolean;
  /** Measured runs that the errors are of. */
  readonly runs: number;
  /** Mean and largest error of throughput, each run predicted from a fit of the others; null where none was measured. */
  readonly meanError: number | null;
  readonly worstError: number | null;
  /** One sentence. */
  readonly text: string;
}

type Measured = Pick<Calibration, 'runs' | 'meanError' | 'worstError'>;

/**
 * Leave-one-out errors of published runs; `docs/simulator.md` has them run by run. Fine-tuning and inference have one
 * exact run and one rough run: they are given no less than twice the error of that.
 */
const MEASURED: Readonly<
  Record<'pre-training' | 'fine-tuning' | 'inference' | 'images' | 'decoder', Measured>
> = {
  'pre-training': { runs: 12, meanError: 0.04, worstError: 0.11 },
  'fine-tuning': { runs: 1, meanError: 0.07, worstError: 0.1 },
  inference: { runs: 1, meanError: 0.16, worstError: 0.32 },
  images: { runs: 1, meanError: 0.59, worstError: 0.59 },
  decoder: { runs: 1, meanError: 0.26, worstError: 0.26 },
};
const UNKNOWN: Measured = { runs: 0, meanError: null, worstError: null };

/** Fewer rows than this are no words: an image model's table projects patches. */
const LEAST_VOCABULARY = 10_000;

/** How good a prediction of this run can be expected to be. */
export function calibrationOf(run: IpuRun): Calibration {
  const { model, mode } = run;
  const isPreTraining = mode === 'training' && ['pretraining', 'masked-lm'].includes(model.head);
  const task = mode === 'inference' ? 'inference' : isPreTraining ? 'pre-training' : 'fine-tuning';
  if (model.vocabSize < LEAST_VOCABULARY) {
    return uncalibrated(`${mode} of a model of images`, MEASURED.images, 'faster');
  }
  if (model.head === 'causal-lm') return uncalibrated(`${mode} of a decoder`, MEASURED.decoder, 'faster');
  const kind = `BERT ${task}`;
  const outside = outsideOf(run);
  if (outside !== undefined) return uncalibrated(`${kind} ${outside}`, UNKNOWN);
  const measured = MEASURED[task];
  const { runs, meanError, worstError } = measured;
  const of = runs === 1 ? 'one measured run' : `${runs} measured runs`;
  return {
    ...{ kind, isCalibrated: true, ...measured },
    text: `${kind}: ± ${percent(meanError)}, ± ${percent(worstError)} at worst, from ${of}.`,
  };
}

/** What no measured run was like; undefined within what was measured. */
function outsideOf({ model, hardware, ...run }: IpuRun): string | undefined {
  const { chip, system } = hardware;
  if (run.schedule) return 'in a free-running schedule';
  if (chip.name !== 'gc200' && chip.name !== 'bow') return `on ${chip.name}`;
  if (system.ipus > 256) return `on ${system.ipus} IPUs`;
  if (run.precision !== 'float16') return `in ${run.precision}`;
  if (!run.halfPartials) return 'with partial sums in float32';
  if (model.hiddenSize < 768 || model.hiddenSize > 1024) return `with hidden size ${model.hiddenSize}`;
  if (model.layers < 6 || model.layers > 24) return `with ${model.layers} layers`;
  if (run.sequenceLength < 128 || run.sequenceLength > 512) return `at sequence length ${run.sequenceLength}`;
  if (run.execution === 'sharded' && run.mode === 'inference' && run.stages.length > 1)
    return 'in sharded execution';
  return undefined;
}

function uncalibrated(kind: string, measured: Measured, than?: string): Calibration {
  const known =
    measured.meanError === null
      ? ''
      : `; one such run was predicted ${percent(measured.meanError)} ${than} than measured`;
  return { kind, isCalibrated: false, ...measured, text: `Not calibrated for ${kind}${known}.` };
}

function percent(share: number | null): string {
  return `${Math.round((share ?? 0) * 100)} %`;
}
