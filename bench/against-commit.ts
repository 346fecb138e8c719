/**
 * The claim: a change of the inside changes no bit of an output and costs no speed. The yardstick is another commit,
 * built in a checkout of its own; both are loaded into one process and take turns.
 *
 *     npx tsx bench/against-commit.ts REVISION [rounds]
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pipeline, Tensor } from 'ipu-pipeline';
import type { Op, Schedule, Span } from 'ipu-pipeline/schedules';
import { percentile, verdict } from './lib.js';

const [revision = 'HEAD', rounds = '9'] = process.argv.slice(2);
const ROUNDS = Number(rounds);
const HEADS = [
  ...(['question-answering', 'sequence-classification', 'token-classification', 'multiple-choice'] as const),
  ...(['masked-lm', 'pre-training', 'next-sentence-prediction', 'pooler', null] as const),
];
const EXECUTORS = ['reference', 'onnx', 'gpu.js:webasm', 'gpu.js:cpu'];

type Side = typeof import('ipu-pipeline') &
  typeof import('ipu-pipeline/config') &
  typeof import('ipu-pipeline/schedules') &
  typeof import('ipu-pipeline/simulator') &
  typeof import('ipu-pipeline/models') &
  typeof import('ipu-pipeline/tokenizer') &
  typeof import('ipu-pipeline/executors') &
  typeof import('ipu-pipeline/runtime') &
  typeof import('ipu-pipeline/tasks') &
  typeof import('ipu-pipeline/machine') &
  typeof import('ipu-pipeline/report') &
  typeof import('ipu-pipeline/internals');

/** Everything that the doors of a built checkout have: doors are cut differently from commit to commit. */
async function load(root: string): Promise<Side> {
  const doors = join(root, 'dist/src/doors');
  const files = existsSync(doors)
    ? readdirSync(doors).flatMap((name) => (name.endsWith('.js') ? [join(doors, name)] : []))
    : [join(root, 'dist/src/index.js')];
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(file).href) as Promise<Record<string, unknown>>),
  );
  return Object.assign({}, ...modules) as Side;
}

/** A checkout of the other commit with this one's packages, built. */
function checkout(folder: string): string {
  const other = join(folder, 'other');
  execFileSync('git', ['worktree', 'add', '--detach', other, revision], { stdio: 'ignore' });
  symlinkSync(resolve('node_modules'), join(other, 'node_modules'));
  execFileSync('npm', ['run', '-s', 'build'], { cwd: other, stdio: ['ignore', 'ignore', 'inherit'] });
  return other;
}

interface Setting {
  readonly model: string;
  readonly executor: string;
  readonly head: (typeof HEADS)[number];
  readonly layersPerIpu: readonly number[];
  readonly sequenceLength: number;
  readonly onSpan?: (span: Span) => void;
}

async function start(
  side: Side,
  setting: Setting,
): Promise<{ pipeline: Pipeline; inputs: (m: number) => Iterable<Tensor[]> }> {
  const { head, layersPerIpu, sequenceLength, executor, onSpan } = setting;
  const model = { ...(await side.openModel(setting.model)), head };
  const config = new side.IpuConfig(new Map([['layers_per_ipu', [...layersPerIpu]]]));
  config.eval();
  const placement = side.placeBert(config, { layers: model.config.numHiddenLayers, head, mode: 'inference' });
  const stages =
    layersPerIpu.length === 1 ? side.oneDevice(model.config, head) : side.planStages(model.config, placement);
  const pipeline = await side.startBertPipeline({
    ...{ model, stages, executor, sequenceLength, microBatch: 1, deviceIterations: 4 },
    ...(onSpan ? { onSpan } : {}),
  });
  const inputs = ['input_ids', 'attention_mask', 'token_type_ids'];
  const workload = new side.Workload(
    await side.tokenizerOf(model),
    { microBatch: 1, sequenceLength },
    inputs,
  );
  return { pipeline, inputs: (m) => workload.microBatches(m) };
}

async function digestOf(side: Side, setting: Setting): Promise<string> {
  const { pipeline, inputs } = await start(side, setting);
  const hash = createHash('sha256');
  for await (const { tensors } of pipeline.run(inputs(3))) {
    for (const { name, shape, data } of tensors) {
      hash
        .update(`${name} ${shape.join()}`)
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  await pipeline.close();
  return hash.digest('hex');
}

async function compareOutputs(here: Side, there: Side): Promise<void> {
  let [same, all] = [0, 0];
  for (const executor of EXECUTORS) {
    for (const head of HEADS) {
      for (const layersPerIpu of [[2], [1, 1], [0, 2]]) {
        const setting = { model: 'synthetic:bert-tiny', executor, head, layersPerIpu, sequenceLength: 24 };
        const [ours, theirs] = [await digestOf(here, setting), await digestOf(there, setting)];
        all++;
        if (ours === theirs) same++;
        else
          console.log(`DIFFERENT ${executor}, ${head ?? 'no head'}, layers per IPU ${layersPerIpu.join()}`);
      }
    }
  }
  verdict(`outputs with the same bits, of ${all} heads × executors × cuts`, same / all, { atLeast: 1 });
}

/** Micro-batches per second here over there, in turns; both pipelines stay loaded. */
async function compareThroughput(
  sides: readonly [Side, Side],
  setting: Setting,
  microBatches: number,
): Promise<void> {
  const running = [await start(sides[0], setting), await start(sides[1], setting)];
  const once = async ({ pipeline, inputs }: (typeof running)[number]): Promise<number> => {
    const startMs = performance.now();
    for await (const _ of pipeline.run(inputs(microBatches)));
    return performance.now() - startMs;
  };
  for (const each of running) await once(each);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [first, second] = round % 2 === 0 ? [0, 1] : [1, 0];
    const times = [0, 0];
    times[first] = await once(running[first]!);
    times[second] = await once(running[second]!);
    ratios.push(times[1]! / times[0]!);
  }
  for (const { pipeline } of running) await pipeline.close();
  const what = `${setting.model}, ${setting.layersPerIpu.length} stages, ${setting.executor}`;
  console.log(`  rounds: ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')}`);
  verdict(`throughput over ${revision}, ${what}`, percentile(ratios, 0.5), { atLeast: 0.98 }, ' ×');
}

/** Time from everything being there to the start of an action, in µs. */
async function compareDispatch(sides: readonly [Side, Side]): Promise<void> {
  const medians = [];
  for (const side of sides) {
    const spans: Span[] = [];
    const setting = { model: 'synthetic:bert-tiny', executor: 'onnx', head: 'question-answering' as const };
    const split = { layersPerIpu: [1, 1], sequenceLength: 16, onSpan: (span: Span) => spans.push(span) };
    const { pipeline, inputs } = await start(side, { ...setting, ...split });
    for await (const _ of pipeline.run(inputs(2000)));
    await pipeline.close();
    const dispatch = spans.filter(({ cause, microBatch = 0 }) => cause === 'dispatch' && microBatch > 200);
    medians.push(
      percentile(
        dispatch.map(({ startNs, endNs }) => (endNs - startNs) / 1e3),
        0.5,
      ),
    );
  }
  console.log(`  dispatch, p50: ${medians[0]!.toFixed(1)} µs here, ${medians[1]!.toFixed(1)} µs there`);
  verdict('one action beyond its compute, p50', medians[0]!, { atMost: 100 }, ' µs');
}

function compareSimulations(sides: readonly [Side, Side]): void {
  const costNs = (stage: number, op: Op): number => (op.length > 1 ? 0 : (op === 'B' ? 200 : 100) + stage);
  const exchange = { activationBytes: 1000, bytesPerNs: 27.5, latencyNs: 50 };
  const million =
    (name: string, microBatches: number) =>
    (side: Side): Schedule =>
      side.scheduleByName(name)({ stages: 8, microBatches });
  const cases: [string, (side: Side) => Schedule, (side: Side, schedule: Schedule) => unknown][] = [
    [
      'free, fill-drain',
      million('fill-drain', 125_000),
      (side, schedule) => side.simulate(schedule, { costNs }),
    ],
    ['free, 1f1b', million('1f1b', 62_500), (side, schedule) => side.simulate(schedule, { costNs })],
    [
      'free, 1f1b, timed transfers',
      million('1f1b', 62_500),
      (side, schedule) => side.simulate(schedule, { costNs, exchange }),
    ],
    [
      'lockstep, popart',
      million('popart', 62_500),
      (side, schedule) => side.simulateLockstep(schedule, { costNs: ({ stage, op }) => costNs(stage, op) }),
    ],
  ];
  // A schedule is checked when it is simulated first; later runs of it are what a search or a sweep makes.
  for (const [name, make, run] of cases) {
    const schedules = sides.map(make);
    const [firstOurs, firstTheirs] = sides.map((side, which) => {
      const startMs = performance.now();
      run(side, schedules[which]!);
      return performance.now() - startMs;
    });
    console.log(`  ${name}, first run: ${(firstOurs! / firstTheirs!).toFixed(2)} × of the time`);
    const once = (which: 0 | 1): number => {
      const startMs = performance.now();
      run(sides[which], schedules[which]!);
      return performance.now() - startMs;
    };
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(once(0));
      theirs.push(once(1));
    }
    const best = Math.min(...ours);
    console.log(
      `  ${name}: ${(best / 1e3).toFixed(3)} s a million actions here, ${(Math.min(...theirs) / 1e3).toFixed(3)} s there`,
    );
    verdict(`simulate, ${name}, time over ${revision}`, best / Math.min(...theirs), { atMost: 1.05 }, ' ×');
  }
}

/** BERT's tokenizer over the contexts of SQuAD, one thread. */
async function compareTokenizer(sides: readonly [Side, Side]): Promise<void> {
  const [squad, vocabulary] = ['squad/dev-v1.1.json', 'vocab/bert-base-uncased-vocab.txt'].map((file) =>
    resolve('../shared/bert', file),
  );
  if (!existsSync(squad!)) return console.log('  tokenizer: skipped, ../shared is not there');
  const texts = contextsOf(await readFile(squad!, 'utf8'));
  const pieces = (await readFile(vocabulary!, 'utf8')).split('\n').filter((piece) => piece !== '');
  const times = sides.map((): number[] => []);
  const tokenizers = sides.map((side) => new side.BertTokenizer(new side.Vocabulary(pieces)));
  for (let round = 0; round < 3 * ROUNDS; round++) {
    sides.forEach((side, which) => {
      const startMs = performance.now();
      for (const text of texts) side.encode(tokenizers[which]!, text);
      times[which]!.push(performance.now() - startMs);
    });
  }
  const [ours, theirs] = times.map((each) => Math.min(...each));
  verdict(`tokenizer, time over ${revision}`, ours! / theirs!, { atMost: 1.05 }, ' ×');
}

function contextsOf(squad: string): string[] {
  const { data } = JSON.parse(squad) as { data: { paragraphs: { context: string }[] }[] };
  return data.flatMap(({ paragraphs }) => paragraphs.map(({ context }) => context));
}

const folder = mkdtempSync(join(tmpdir(), 'against-commit-'));
try {
  const sides = [await load(resolve('.')), await load(checkout(folder))] as const;
  await compareOutputs(...sides);
  compareSimulations(sides);
  await compareTokenizer(sides);
  await compareDispatch(sides);
  const large = { executor: 'onnx', head: 'question-answering' as const, sequenceLength: 128 };
  await compareThroughput(sides, { ...large, model: 'synthetic:bert-tiny', layersPerIpu: [1, 1] }, 2000);
  await compareThroughput(sides, { ...large, model: 'synthetic:bert-base', layersPerIpu: [6, 6] }, 24);
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', join(folder, 'other')], { stdio: 'ignore' });
  rmSync(folder, { recursive: true, force: true });
}
