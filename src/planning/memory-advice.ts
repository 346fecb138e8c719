import { memoryPerIpu, type IpuMemory } from '../hardware/memory.js';
import { predictRates } from '../hardware/predict.js';
import type { IpuRun, Precision } from '../hardware/run-spec.js';
import type { IpuSimulation } from '../hardware/simulation.js';

/** What a change sets: attributes of the configuration, by their names there, or what is given beside it. */
export interface AdviceChange {
  readonly attributes?: Readonly<Record<string, boolean | number | readonly number[]>>;
  readonly microBatch?: number;
  readonly precision?: Precision;
}

/** One change of a run, tried. */
export interface Advice {
  /** What to write where: `recompute_checkpoint_every_layer=true`. */
  readonly change: string;
  /** The same for programs. */
  readonly set: AdviceChange;
  /** Of the fullest IPU. */
  readonly bytesSaved: number;
  readonly fits: boolean;
  /** Throughput after the change over before, less one. */
  readonly throughputChange: number;
}

type Knob = (run: IpuRun) => { set: AdviceChange; run: IpuRun } | undefined;

/** Each takes a run one step towards less memory; undefined where that step is taken already. */
const KNOBS: readonly Knob[] = [
  (run) =>
    run.mode === 'training' && run.recompute !== 'layer'
      ? {
          set: { attributes: { recompute_checkpoint_every_layer: true } },
          run: { ...run, recompute: 'layer' },
        }
      : undefined,
  (run) => {
    const microBatch = Math.floor(run.microBatch / 2);
    return microBatch < 1 ? undefined : { set: { microBatch }, run: { ...run, microBatch } };
  },
  (run) =>
    run.optimizer && !run.optimizer.stateOffChip
      ? {
          set: { attributes: { optimizer_state_offchip: true } },
          run: { ...run, optimizer: { ...run.optimizer, stateOffChip: true } },
        }
      : undefined,
  (run) =>
    run.optimizer && !run.optimizer.replicatedTensorSharding && run.replicas > 1
      ? {
          set: { attributes: { replicated_tensor_sharding: true } },
          run: { ...run, optimizer: { ...run.optimizer, replicatedTensorSharding: true } },
        }
      : undefined,
  (run) => {
    // Rounded first: what is tried is what is said.
    const matmulProportion = run.matmulProportion.map((share) => Number((share / 2).toPrecision(2)));
    return {
      set: { attributes: { [managedName(run, 'matmul_proportion')]: matmulProportion } },
      run: { ...run, matmulProportion },
    };
  },
  (run) =>
    run.halfPartials
      ? undefined
      : { set: { attributes: { enable_half_partials: true } }, run: { ...run, halfPartials: true } },
  (run) => {
    const factor = nextFactor(run.model.vocabSize, run.embeddingSerialization);
    return run.mode === 'training' && factor !== undefined
      ? {
          set: { attributes: { embedding_serialization_factor: factor } },
          run: { ...run, embeddingSerialization: factor },
        }
      : undefined;
  },
  (run) =>
    run.precision === 'float32'
      ? { set: { precision: 'float16' }, run: { ...run, precision: 'float16', stashPrecision: 'float16' } }
      : undefined,
  (run) => {
    const stages = levelled(run);
    if (!stages) return undefined;
    const layers = layersPerIpu(run.ipusPerReplica, stages);
    return { set: { attributes: { [managedName(run, 'layers_per_ipu')]: layers } }, run: { ...run, stages } };
  },
];

/** Inference has an attribute of its own. */
function managedName({ mode }: IpuRun, name: 'matmul_proportion' | 'layers_per_ipu'): string {
  return mode === 'training' ? name : `inference_${name}`;
}

/** As it is written in a file, or given as a flag. */
function changeText({ attributes = {}, microBatch, precision }: AdviceChange): string {
  const list = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));
  return [
    ...Object.entries(attributes).map(([name, value]) => `${name}=${list(value)}`),
    ...(microBatch === undefined ? [] : [`--micro-batch ${microBatch}`]),
    ...(precision === undefined ? [] : [`--precision ${precision}`]),
  ].join(', ');
}

/**
 * What would help a run that does not fit: every knob is turned one step and the run simulated again. Those that make
 * it fit come first, then by bytes saved; knobs that save nothing are left out.
 */
export function adviceFor({ run, rates, memory }: IpuSimulation): Advice[] {
  const before = fullest(memory);
  return KNOBS.flatMap((knob): Advice[] => {
    const tried = knob(run);
    if (!tried) return [];
    const { used, fits } = fullest(memoryPerIpu(tried.run));
    if (used >= before.used) return [];
    const throughputChange = predictRates(tried.run).sequencesPerSecond / rates.sequencesPerSecond - 1;
    const { set } = tried;
    return [{ change: changeText(set), set, bytesSaved: before.used - used, fits, throughputChange }];
  }).sort((a, b) => Number(b.fits) - Number(a.fits) || b.bytesSaved - a.bytesSaved);
}

function fullest(memory: readonly IpuMemory[]): { used: number; fits: boolean } {
  return {
    used: Math.max(...memory.map(({ totalBytes }) => totalBytes)),
    fits: memory.every(({ fits }) => fits),
  };
}

/** A table can only be cut into parts of whole, equal size. */
function nextFactor(vocabSize: number, present: number): number | undefined {
  for (let factor = present + 1; factor <= 16; factor++) if (vocabSize % factor === 0) return factor;
  return undefined;
}

/** One layer moved from the fullest IPU to the emptiest; undefined where that cannot be. */
function levelled(run: IpuRun): IpuRun['stages'] | undefined {
  const memory = memoryPerIpu(run);
  const byUse = [...memory].sort((a, b) => b.totalBytes - a.totalBytes);
  const from = run.stages.findIndex(({ ipu, attention }) => ipu === byUse[0]!.ipu && attention > 0);
  const to = run.stages.findIndex(({ ipu, attention }) => ipu === byUse.at(-1)!.ipu && attention > 0);
  if (from < 0 || to < 0 || from === to) return undefined;
  const move = { [from]: -1, [to]: 1 } as Record<number, number>;
  return run.stages.map((stage, j) => {
    const by = move[j] ?? 0;
    return { ...stage, attention: stage.attention + by, feedForward: stage.feedForward + by };
  });
}

function layersPerIpu(ipus: number, stages: IpuRun['stages']): number[] {
  return Array.from({ length: ipus }, (_, ipu) =>
    stages.reduce((sum, stage) => sum + (stage.ipu === ipu ? stage.attention : 0), 0),
  );
}
