import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adviceFor, publishedModel, simulateIpus } from 'ipu-pipeline/simulator';
import { TimelineCollector } from 'ipu-pipeline/report';
import {
  attempted,
  changed,
  comesAlong,
  decodeSpans,
  historyOf,
  ipuOfLayer,
  linkOf,
  memoryProblem,
  movedLayers,
  outcomeOf,
  placedLayers,
  redone,
  settingDifferences,
  setupFrom,
  setupFromLink,
  timeShares,
  undone,
  withAdvice,
  withConfigText,
  withFile,
  withLayers,
  type Setup,
} from 'ipu-pipeline/internals';

const LARGE = setupFrom({
  config: {
    name: 'own.json',
    text: JSON.stringify({
      layers_per_ipu: [3, 7, 7, 7],
      ipus_per_replica: 4,
      gradient_accumulation_steps: 8,
      recompute_checkpoint_every_layer: true,
      optimizer_state_offchip: true,
    }),
  },
  model: 'bert-large',
  system: 'pod16',
  mode: 'training',
  sequenceLength: 128,
  microBatch: 1,
});

const layerCounts = fc.array(fc.nat(6), { minLength: 1, maxLength: 9 }).filter((all) => sum(all) > 0);
/** Layers on IPUs, one of them, and where it goes. */
const moves = layerCounts.chain((layers) =>
  fc.tuple(fc.constant(layers), fc.nat(sum(layers) - 1), fc.nat(layers.length - 1)),
);
const setups: fc.Arbitrary<Setup> = fc
  .record({
    layers: fc.constantFrom([3, 7, 7, 7], [0, 8, 8, 8], [6, 6, 6, 6], [12, 0, 0, 12]),
    name: fc.string({ maxLength: 20 }),
    model: fc.oneof(
      fc.constantFrom('bert-large', 'roberta-large').map((name) => publishedModel(name)!),
      fc.string({ minLength: 1, maxLength: 20 }).map((name) => ({ ...publishedModel('bert-large')!, name })),
    ),
    system: fc.constantFrom('pod4', 'pod16', 'bow-pod16'),
    mode: fc.constantFrom('training' as const, 'inference' as const),
    sequenceLength: fc.integer({ min: 8, max: 512 }),
    microBatch: fc.integer({ min: 1, max: 64 }),
    chunks: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ layers, name, ...rest }) => withLayers({ ...LARGE, ...rest, name }, layers));

describe('layers that are dragged', () => {
  it('take along what lies between, and leave the others where they are', () => {
    fc.assert(
      fc.property(moves, ([layers, layer, to]) => {
        const moved = movedLayers(layers, layer, to);
        const [first, end] = comesAlong(layers, layer, to);
        expect(sum(moved)).toBe(sum(layers));
        expect(ipuOfLayer(moved, layer)).toBe(to);
        for (let other = 0; other < sum(layers); other++) {
          const isAlong = other >= first && other < end;
          expect(ipuOfLayer(moved, other)).toBe(isAlong ? to : ipuOfLayer(layers, other));
        }
      }),
    );
  });

  it.each([
    [[3, 7, 7, 7], 19, 2, [3, 7, 10, 4], 'the border to the IPU next door'],
    [[3, 7, 7, 7], 20, 1, [3, 18, 0, 3], 'what lies between comes along'],
    [[3, 7, 7, 7], 1, 3, [1, 0, 0, 23], 'downwards too'],
    [[0, 8, 8, 8], 0, 0, [1, 7, 8, 8], 'to an IPU that has none'],
    [[3, 7, 7, 7], 5, 1, [3, 7, 7, 7], 'to where it is'],
  ])('%j: %i to IPU %i is %j (%s)', (layers, layer, to, moved) => {
    expect(movedLayers(layers, layer, to)).toEqual(moved);
  });

  it('are called by their place in the model, also where a schedule loops', () => {
    const looped = withLayers({ ...LARGE, schedule: 'interleaved-1f1b' }, [4, 6, 8, 6]);
    const outcome = outcomeOf(looped);
    const placed = placedLayers(outcome.layers, outcome);
    expect(placed[0]).toEqual([0, 1, 12, 13]);
    expect(placed.flat().sort((a, b) => a - b)).toEqual([...Array(24).keys()]);
    expect(placedLayers([1, 0, 2], undefined)).toEqual([[0], [], [1, 2]]);
  });
});

describe('a link', () => {
  it('is a setup', () => {
    fc.assert(
      fc.property(setups, (setup) => {
        const back = setupFromLink(linkOf(setup));
        expect(linkOf(back)).toBe(linkOf(setup));
        expect(settingDifferences(setup, back)).toEqual([]);
        expect({ ...back, config: undefined, warnings: undefined }).toEqual({
          ...{ ...setup, config: undefined, warnings: undefined },
        });
      }),
    );
  });

  const changedBy = (key: string, value: string | undefined): string => {
    const link = new URLSearchParams(linkOf(LARGE));
    if (value === undefined) link.delete(key);
    else link.set(key, value);
    return link.toString();
  };
  it.each([
    [changedBy('v', '7'), 'version "7"'],
    [changedBy('v', undefined), 'no version'],
    [changedBy('system', 'pod17'), 'system is "pod17"'],
    [changedBy('system', undefined), 'lacks system'],
    [changedBy('micro-batch', '0'), 'micro-batch is "0"'],
    [changedBy('micro-batch', '1e3'), 'whole number from 1'],
    [changedBy('head', 'none!'), 'head is "none!"'],
    [changedBy('model', 'bert-huge'), 'model is "bert-huge"'],
    [changedBy('model', '{"name":"own"}'), 'wrong'],
    [changedBy('model', 'constructor'), 'model is "constructor"'],
    [changedBy('config', '{"layers_per_ipu":'), 'line'],
    [changedBy('config', '{"layers_per_ipu":"x"}'), 'layers_per_ipu'],
    [changedBy('schedule', 'fifo'), 'schedule is "fifo"'],
    [`${linkOf(LARGE)}&extra=1`, '"extra"'],
    [`${linkOf(LARGE)}&mode=training`, 'more than once'],
    [changedBy('name', 'x'.repeat(70_000)), 'the page takes 65536'],
  ])('that is damaged is refused: %.60s', (link, says) => {
    expect(attempted(() => setupFromLink(link))).toContain(says);
  });
});

describe('undo and redo', () => {
  it('go back to the first setup and to the last', () => {
    fc.assert(
      fc.property(fc.array(setups, { maxLength: 8 }), (all) => {
        const last = all.reduce((history, setup) => changed(history, setup), historyOf(LARGE));
        let history = last;
        while (history.past.length > 0) history = undone(history);
        expect(linkOf(history.present)).toBe(linkOf(LARGE));
        expect(undone(history)).toEqual(history);
        while (history.future.length > 0) history = redone(history);
        expect(linkOf(history.present)).toBe(linkOf(last.present));
      }),
      { numRuns: 30 },
    );
  });

  it('take a drag as one step, and one that came back as none', () => {
    const at = (layers: number[]): Setup => withLayers(LARGE, layers);
    const dragged = [
      [3, 7, 8, 6],
      [3, 14, 1, 6],
    ].reduce((history, layers) => changed(history, at(layers), 'drag'), historyOf(LARGE));
    expect(dragged.past).toHaveLength(1);
    expect(linkOf(undone(dragged).present)).toBe(linkOf(LARGE));
    expect(changed(dragged, LARGE, 'drag').past).toHaveLength(0);
    expect(changed(undone(dragged), at([6, 6, 6, 6])).future).toHaveLength(0);
  });
});

describe('a file', () => {
  const bert = {
    ...{ model_type: 'bert', architectures: ['BertForMaskedLM'], _name_or_path: 'some/tiny' },
    ...{ hidden_size: 128, num_hidden_layers: 4, num_attention_heads: 2, intermediate_size: 512 },
    ...{ vocab_size: 1000, max_position_embeddings: 512, type_vocab_size: 2, hidden_act: 'gelu' },
  };
  it('is told by what it says: a model, or a configuration', () => {
    const { model, config } = withFile(LARGE, 'config.json', JSON.stringify(bert));
    expect(model).toMatchObject({ name: 'tiny', layers: 4, hiddenSize: 128, head: 'masked-lm' });
    expect(config).toBe(LARGE.config);
    const own = withFile(LARGE, 'config.json', '{"layers_per_ipu": [24], "ipus_per_replica": 1}');
    expect(own.config.get('layers_per_ipu')).toEqual([24]);
    expect(own.model).toBe(LARGE.model);
  });
  it('of a model that is simulated and not run is one too', () => {
    const gpt = { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'], n_embd: 64, n_layer: 3, n_head: 4 };
    const { model } = withFile(LARGE, 'config.json', JSON.stringify({ ...gpt, vocab_size: 100 }));
    expect(model).toMatchObject({ layers: 3, head: 'causal-lm' });
  });
  it('may not take the name of a published model', () => {
    const { model } = withFile(LARGE, 'x.json', JSON.stringify({ ...bert, _name_or_path: 'bert-large' }));
    expect(model.name).toBe('bert-large (x.json)');
    expect(linkOf(setupFromLink(linkOf({ ...LARGE, model })))).toBe(linkOf({ ...LARGE, model }));
  });
  it.each([
    ['{"format": "ipu-pipeline-benchmark"}', 'ipu-pipeline report own.json'],
    ['{"model_type": "bert", "hidden_size": -1, "vocab_size": 5}', 'hidden_size'],
    ['[1, 2', 'line 1'],
    [JSON.stringify({ layers_per_ipu: new Array(4097).fill(1), ipus_per_replica: 4097 }), 'at most'],
  ])('that is neither is refused: %.60s', (text, says) => {
    expect(attempted(() => withFile(LARGE, 'own.json', text))).toContain(says);
  });
});

describe('what the page shows', () => {
  it('adds up to 100 %, and has what it names as the bottleneck in the picture', () => {
    fc.assert(
      fc.property(setups, (setup) => {
        const outcome = attempted(() => outcomeOf(setup));
        fc.pre(typeof outcome !== 'string');
        expect(sum(timeShares(outcome).map(({ percent }) => percent))).toBe(100);
        expect(sum(timeShares(outcome).map(({ share }) => share))).toBeCloseTo(1, 9);
        const [named] = /^[\w-]+(?=: )/.exec(outcome.simulation.boundBy) ?? [];
        if (named !== undefined) expect(phases(outcome)).toContain(named);
      }),
      { numRuns: 25 },
    );
  });

  it('is the picture of simulate --html', async () => {
    const outcome = outcomeOf(LARGE);
    const collector = new TimelineCollector(outcome.description);
    simulateIpus(outcome.run, { onSpan: (span) => collector.add(span) });
    const { spans } = await collector.timeline();
    expect(await decodeSpans(spans)).toEqual(outcome.table);
    expect(phases(outcome)).toContain('host-call');
  });

  it('has a row for an IPU that holds nothing', () => {
    const outcome = outcomeOf(withLayers(LARGE, [12, 0, 6, 6]));
    expect(outcome.table.rows.map(({ rank }) => rank)).toEqual([0, 1, 2, 3]);
  });

  it('says which IPU is too full, and each advice does what it promises', () => {
    const setup = { ...LARGE, sequenceLength: 512, microBatch: 8 };
    const { simulation } = outcomeOf(setup);
    expect(memoryProblem(simulation)).toMatch(/^It does not fit: IPU \d needs/);
    expect(memoryProblem(outcomeOf(LARGE).simulation)).toBeUndefined();
    const advice = adviceFor(simulation);
    expect(advice.length).toBeGreaterThan(1);
    const fullest = ({ memory }: typeof simulation): number =>
      Math.max(...memory.map(({ totalBytes }) => totalBytes));
    for (const { set, fits, bytesSaved, throughputChange } of advice) {
      const after = outcomeOf(withAdvice(setup, set)).simulation;
      expect(after.fits).toBe(fits);
      expect(fullest(simulation) - fullest(after)).toBe(bytesSaved);
      expect(after.rates.sequencesPerSecond / simulation.rates.sequencesPerSecond - 1).toBeCloseTo(
        throughputChange,
        9,
      );
    }
  });

  it('of two setups is what differs, without what follows from it', () => {
    const now = withLayers({ ...LARGE, microBatch: 2 }, [3, 7, 8, 6]);
    expect(settingDifferences(LARGE, now)).toEqual([
      { label: 'micro-batch', kept: '1', now: '2' },
      { label: 'layers_per_ipu', kept: '[3, 7, 7, 7]', now: '[3, 7, 8, 6]' },
    ]);
    expect(settingDifferences(LARGE, { ...LARGE, model: publishedModel('bert-base')! })).toContainEqual({
      ...{ label: 'hidden size', kept: '1024', now: '768' },
    });
    const other = { ...LARGE, ...withConfigText('{"layers_per_ipu": [24]}', 'x') };
    expect(settingDifferences(LARGE, other).map(({ label }) => label)).toContain(
      'gradient_accumulation_steps',
    );
  });
});

/** Beside the actions of the schedule. */
function phases({ table }: ReturnType<typeof outcomeOf>): string[] {
  return table.kinds.flatMap(({ kind, activity }) => (kind === 'phase' ? [activity] : []));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
