import type { Measurement } from './machine-profile.js';
import type { ProbedPart } from './probe.js';
import type { Level } from './profile-plan.js';
import type { BatchShape } from './stage-work.js';
import { leastDisturbed, QUIET } from './other-load.js';
import { quantile } from './statistics.js';

interface Samples {
  readonly level: Level;
  readonly shape: BatchShape;
  readonly stage: number;
  readonly times: { readonly ns: number; readonly otherLoad: number }[];
}

/** Others only ever add to a time: where all samples were disturbed, the shorter ones are nearer to the truth. */
const DISTURBED_QUANTILE = 0.25;

/** Times of actions by what ran and beside how much. */
export class ActionSamples {
  readonly #samples = new Map<string, Samples>();

  /** @param otherLoad share of the cores' time that other processes took meanwhile */
  add(level: Level, shape: BatchShape, stage: number, time: { ns: number; otherLoad: number }): void {
    const key = keyOf(level, shape, stage);
    const samples = this.#samples.get(key) ?? { level, shape, stage, times: [] };
    this.#samples.set(key, samples);
    samples.times.push(time);
  }

  of(level: Level, shape: BatchShape, stage: number): readonly number[] {
    const times = this.#samples.get(keyOf(level, shape, stage))?.times ?? [];
    return leastDisturbed(times).map(({ ns }) => ns);
  }

  /** @param parts by stage */
  measurements(parts: readonly ProbedPart[]): Measurement[] {
    return [...this.#samples.values()].map(({ level, shape, stage, times }) => {
      const kept = leastDisturbed(times);
      const ns = kept.map((time) => time.ns);
      const isQuiet = kept.every(({ otherLoad }) => otherLoad <= QUIET);
      const { part, slice } = parts[stage]!;
      return {
        part,
        layers: slice.endLayer - slice.firstLayer,
        ...{ sequenceLength: shape.sequenceLength, microBatch: shape.microBatch },
        ...{ stagesAtOnce: level.stagesAtOnce, threadsPerStage: level.threadsPerStage },
        timeNs: quantile(ns, isQuiet ? 0.5 : DISTURBED_QUANTILE),
        quartilesNs: [quantile(ns, 0.25), quantile(ns, 0.75)],
        samples: ns.length,
      };
    });
  }
}

function keyOf(level: Level, shape: BatchShape, stage: number): string {
  const { stagesAtOnce, threadsPerStage } = level;
  return [stagesAtOnce, threadsPerStage, shape.sequenceLength, shape.microBatch, stage].join();
}
