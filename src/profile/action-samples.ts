import type { Measurement } from './machine-profile.js';
import type { ProbedPart } from './probe.js';
import type { Level } from './profile-plan.js';
import type { BatchShape } from './stage-work.js';
import { median, quantile } from './statistics.js';

interface Samples {
  readonly level: Level;
  readonly shape: BatchShape;
  readonly stage: number;
  readonly ns: number[];
}

/** Times of actions by what ran and beside how much. */
export class ActionSamples {
  readonly #samples = new Map<string, Samples>();

  add(level: Level, shape: BatchShape, stage: number, ns: number): void {
    const key = keyOf(level, shape, stage);
    const samples = this.#samples.get(key) ?? { level, shape, stage, ns: [] };
    this.#samples.set(key, samples);
    samples.ns.push(ns);
  }

  of(level: Level, shape: BatchShape, stage: number): readonly number[] {
    return this.#samples.get(keyOf(level, shape, stage))?.ns ?? [];
  }

  /** @param parts by stage */
  measurements(parts: readonly ProbedPart[]): Measurement[] {
    return [...this.#samples.values()].map(({ level, shape, stage, ns }) => {
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
