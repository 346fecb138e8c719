import fc from 'fast-check';
import { simulateIpus } from 'ipu-pipeline/simulator';
import { predictRates } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { largeRun, stagesOf } from './runs.js';

describe('rates in closed form', () => {
  it('are those of the simulation, cycle by cycle', () => {
    const sizes = fc.record({
      layers: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
      head: fc.constantFrom('last' as const, 'first' as const),
      mode: fc.constantFrom('training' as const, 'inference' as const),
      execution: fc.constantFrom('pipelined' as const, 'sharded' as const),
      more: fc.integer({ min: 0, max: 9 }),
      deviceIterations: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(sizes, ({ layers, head, mode, execution, more, deviceIterations }) => {
        const stages = stagesOf(layers, layers.length === 1 ? 'last' : head);
        const training = mode === 'training';
        const depth = (training ? 2 * stages.length - 1 : stages.length) + more;
        const run = largeRun(layers, {
          ...{ stages, mode, execution },
          gradientAccumulation: training ? depth : 1,
          deviceIterations: training ? deviceIterations : depth,
          ...(training ? {} : { optimizer: null, recompute: 'none' as const }),
        });
        expect(predictRates(run)).toEqual(simulateIpus(run).rates);
      }),
      { numRuns: 60 },
    );
  });
});
