import type { Measurement } from './machine-profile.js';
import type { ProbedPart } from './probe.js';
import type { Level } from './profile-plan.js';
import type { BatchShape } from './stage-work.js';
import { leastDisturbed } from './other-load.js';
import { median, quantile } from './statistics.js';

interface Samples {
  readonly level: Level;
  readonly shape: BatchShape;
  readonly stage: number;
  readonly times: { readonly ns: number; readonly otherLoad: number }[];
}

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
      const ns = leastDisturbed(times).map((time) => time.ns);
      const { part, slice } = parts[stage]!;
      return {
        part,
        layers: slice.endLayer - slice.firstLayer,
        ...{ sequenceLength: shape.sequenceLength, microBatch: shape.microBatch },
        ...{ stagesAtOnce: level.stagesAtOnce, threadsPerStage: level.threadsPerStage },
        medianNs: median(ns),
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
