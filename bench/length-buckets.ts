/**
 * The claim: micro-batches of like lengths spare short inputs the padding. The windows of SQuAD's dev set, in the
 * file's own order, through one pipeline: each row as long as it is, in buckets of a few rows, and padded to 384.
 *
 *     npx tsx bench/length-buckets.ts [model] [rows] [layers per IPU]
 */
import { existsSync, readFileSync } from 'node:fs';
import { IpuConfig, openModel, openSession, placeBert, planStages, type Session } from 'ipu-pipeline';
import { BertTokenizer, parseVocabulary, type Encoding, Vocabulary } from 'ipu-pipeline/tokenizer';
import { parseSquad } from 'ipu-pipeline/tasks';
import { questionWindows } from 'ipu-pipeline/internals';
import { verdict } from './lib.js';

const FILE = new URL('../../shared/bert/squad/dev-v1.1.json', import.meta.url);
/** The published models' own: a synthetic vocabulary cuts words into more pieces. */
const VOCABULARY = new URL('../../shared/bert/vocab/bert-base-uncased-vocab.txt', import.meta.url);
const SEQUENCE = 384;
const asItIs = { rows: (row: Encoding) => [row], result: () => undefined };
const [name = 'synthetic:bert-base', count = '192', split = '6,6'] = process.argv.slice(2);

if (!existsSync(FILE)) {
  console.log(`skipped: ${FILE.pathname} is not there`);
  process.exit();
}
const model = await openModel(name);
const config = new IpuConfig(new Map([['layers_per_ipu', split.split(',').map(Number)]]));
const layers = model.config.numHiddenLayers;
const stages = planStages(model.config, placeBert(config, { layers, head: model.head, mode: 'inference' }));
const rows = squadRows(Number(count));
const lengths = rows.map(({ ids }) => ids.length).sort((a, b) => a - b);
const total = lengths.reduce((sum, length) => sum + length, 0);
console.log(
  `${name}, layers per IPU ${split}: ${rows.length} windows, ${(total / rows.length).toFixed(0)} pieces on average, ` +
    `median ${lengths[lengths.length >> 1]}`,
);

const padded = await rate('padded to 384', 1, rows.map(fill));
for (const microBatch of [1, 4]) {
  const bucketed = await rate(`by length, micro-batch ${microBatch}`, microBatch, rows);
  verdict(`  over padding all to ${SEQUENCE}`, bucketed / padded, { atLeast: 1.8 }, ' ×');
}

/** Windows spread evenly over the whole file, in its order: lengths come as they do in a run of all of them. */
function squadRows(wanted: number): Encoding[] {
  const { questions } = parseSquad(readFileSync(FILE, 'utf8'), FILE.pathname);
  const pieces = parseVocabulary(readFileSync(VOCABULARY, 'utf8'));
  const tokenizer = new BertTokenizer(new Vocabulary(pieces));
  const step = questions.length / wanted;
  const picked = Array.from({ length: wanted }, (_, at) => questions[Math.floor(at * step)]!);
  return picked
    .flatMap((question) => questionWindows(tokenizer, question, { maxLength: SEQUENCE, docStride: 128 }))
    .slice(0, wanted);
}

function fill(row: Encoding): Encoding {
  const rest = Array.from({ length: SEQUENCE - row.ids.length }, () => 0);
  return {
    ...row,
    ids: [...row.ids, ...rest],
    typeIds: [...row.typeIds, ...rest],
    attentionMask: [...row.attentionMask, ...rest],
  };
}

/** Rows a second, after as many rows to warm up as the pipeline holds. */
async function rate(what: string, microBatch: number, inputs: readonly Encoding[]): Promise<number> {
  const task = { head: () => model.head, begin: () => asItIs };
  await using session = await openSession({ model, task, stages, microBatch, maxLength: SEQUENCE });
  await run(session, inputs.slice(0, 8));
  const began = performance.now();
  await run(session, inputs);
  const perSecond = (1000 * inputs.length) / (performance.now() - began);
  console.log(`${what}: ${perSecond.toFixed(2)} rows/s`);
  return perSecond;
}

async function run(session: Session<Encoding, undefined>, inputs: readonly Encoding[]): Promise<void> {
  for await (const result of session.stream(inputs)) if ('error' in result) throw result.error;
}
