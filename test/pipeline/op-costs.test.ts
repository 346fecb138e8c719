import fc from 'fast-check';
import { InputError } from 'ipu-pipeline';
import { opCosts, type CostName } from 'ipu-pipeline/simulator';
import { describe, expect, it } from 'vitest';

const backward = (given: Partial<Record<CostName, number>>): number[] => {
  const { F, B, I, W } = opCosts(given);
  return [F, B, I, W];
};

describe('costs that are not given follow from those that are', () => {
  it.each<[Partial<Record<CostName, number>>, number[]]>([
    [{ F: 1 }, [1, 2, 1, 1]],
    [{ F: 1, B: 3 }, [1, 3, 1.5, 1.5]],
    [{ F: 1, B: 2, W: 0.5 }, [1, 2, 1.5, 0.5]],
    [{ F: 1, B: 2, I: 2 }, [1, 2, 2, 0]],
    [{ F: 1, I: 2, W: 3 }, [1, 5, 2, 3]],
    [{ F: 1, I: 2 }, [1, 4, 2, 2]],
    [{ F: 1, W: 2 }, [1, 4, 2, 2]],
    [{ F: 1, B: 3, I: 2, W: 2 }, [1, 3, 2, 2]],
    [{ B: 4 }, [2, 4, 2, 2]],
    [{ W: 0, I: 3 }, [1.5, 3, 3, 0]],
    [{ F: 0 }, [0, 0, 0, 0]],
  ])('%j', (given, costs) => expect(backward(given)).toEqual(costs));

  it('nothing for transfers and whole-stage ops, the sum for a pair', () => {
    expect(opCosts({ F: 1 })).toMatchObject({ SEND_F: 0, RECV_B: 0, UNSHARD: 0, REDUCE_GRAD: 0 });
    expect(opCosts({ F: 1, SEND_F: 3, OVERLAP_F_B: 2 })).toMatchObject({ SEND_F: 3, OVERLAP_F_B: 2 });
    expect(opCosts({ F: 1 })).not.toHaveProperty('OVERLAP_F_B');
  });

  it('keep what is given, and halves that make a whole unless all three are given', () => {
    const cost = fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined });
    fc.assert(
      fc.property(fc.record({ F: cost, B: cost, I: cost, W: cost }), (given) => {
        const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
        let costs;
        try {
          costs = opCosts(known);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          return;
        }
        expect(costs).toMatchObject(known);
        if (Object.keys(known).filter((op) => op !== 'F').length < 3) expect(costs.I + costs.W).toBe(costs.B);
      }),
    );
  });

  it.each([[{}], [{ F: -1 }], [{ F: NaN }], [{ B: 1, I: 2 }], [{ B: 1, W: 2 }]])('%j is refused', (given) => {
    expect(() => opCosts(given)).toThrow(InputError);
  });
});
