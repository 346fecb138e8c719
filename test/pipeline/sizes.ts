import fc from 'fast-check';
import { InputError } from 'ipu-pipeline';
import { SCHEDULES, type NamedSchedule, type Schedule } from 'ipu-pipeline/schedules';

/** A schedule of every kind, in a size that its kind allows: 1 … 6 ranks, 1 … 4 chunks, up to 24 micro-batches. */
export const anySchedule: fc.Arbitrary<Schedule> = fc.constantFrom(...SCHEDULES).chain(scheduleOf);

export function scheduleOf(kind: NamedSchedule): fc.Arbitrary<Schedule> {
  return fc
    .record({
      ranks: fc.integer({ min: 1, max: 6 }),
      chunks: kind.layout === 'loops' ? fc.integer({ min: 1, max: 4 }) : fc.constant(undefined),
      microBatches: fc.integer({ min: 1, max: 24 }),
    })
    .map(({ ranks, chunks, microBatches }) => {
      const stages = ranks * (kind.layout === 'v' ? 2 : (chunks ?? 1));
      try {
        return kind.generate({ stages, microBatches, ...(chunks === undefined ? {} : { chunks }) });
      } catch (error) {
        if (error instanceof InputError) return undefined;
        throw error;
      }
    })
    .filter((schedule) => schedule !== undefined);
}

/** Actions of each rank in order, as text, without idle cells and transfers. */
export function computeOf({ ranks }: Schedule): string[][] {
  return ranks.map((cells) =>
    cells
      .flat()
      .flatMap(({ stage, op, microBatch }) => (op.length === 1 ? [`${stage}${op}${microBatch}`] : [])),
  );
}
