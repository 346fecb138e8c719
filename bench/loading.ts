/**
 * The claim: BERT-large's checkpoint of 1.34 GB is loaded into 4 stages in hardly more time than reading the file
 * once takes, and in hardly more memory than the executor keeps. Each way runs in processes of its own, in turn, with
 * the file in the page cache, and then without.
 *
 *     npx tsx bench/loading.ts [rounds] [executor]
 *
 * Writes the checkpoint to the system's directory for temporary files and removes it afterwards.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IpuConfig, openModel, placeBert, planStages, startBertPipeline } from 'ipu-pipeline';
import { GeneratedWeights, sliceTensors } from 'ipu-pipeline/internals';
import { percentile, verdict } from './lib.js';

const SPLIT = [3, 7, 7, 7];
const FILE = 'model.safetensors';
const READ_BYTES = 1 << 24;

interface Measured {
  readonly seconds: number;
  /** Of all threads together, user and system. */
  readonly cpuSeconds: number;
  /** What the process holds in the end, and the most it ever held: memory of its own and mapped pages of files. */
  readonly residentBytes: number;
  readonly peakBytes: number;
}

/** `read`: through one small buffer. `keep`: into memory, where all of it stays. */
const WAYS = ['idle', 'read', 'keep', 'load'] as const;
type Way = (typeof WAYS)[number];
const COLD_WAYS = ['read', 'load'] as const;

const [rounds = '5', executor = 'onnx', way, directory] = process.argv.slice(2);
if (way !== undefined) console.log(JSON.stringify(await measured(way as Way, directory!)));
else await compare();

async function compare(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'ipu-pipeline-loading-'));
  try {
    const fileBytes = await writeCheckpoint(scratch);
    const results = new Map<Way, Measured[]>(WAYS.map((name) => [name, []]));
    for (let round = 0; round < Number(rounds); round++) {
      for (const name of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
        results.get(name)!.push(inProcess(name, scratch));
      }
    }
    report(results, fileBytes);
    for (const name of [...COLD_WAYS, ...COLD_WAYS.toReversed()]) {
      forget(join(scratch, FILE));
      console.log(`${name}, file not in the page cache: ${inProcess(name, scratch).seconds.toFixed(2)} s`);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function inProcess(name: Way, scratch: string): Measured {
  const args = ['--import', 'tsx', import.meta.filename, rounds, executor, name, scratch];
  const line = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n').at(-1)!;
  return JSON.parse(line) as Measured;
}

/** Puts the file out of the page cache; root's drop_caches would do it to all files. */
function forget(path: string): void {
  execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
}

function report(results: ReadonlyMap<Way, readonly Measured[]>, fileBytes: number): void {
  const median = (name: Way, field: keyof Measured): number =>
    percentile(
      results.get(name)!.map((result) => result[field]),
      0.5,
    );
  console.log(`${(fileBytes / 1e9).toFixed(2)} GB, split ${SPLIT.join(',')}, ${executor}, ${rounds} rounds`);
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  for (const name of WAYS) {
    const all = results.get(name)!.map(({ seconds }) => seconds.toFixed(2));
    console.log(
      `${name}: ${median(name, 'seconds').toFixed(2)} s (${all.join(' ')}), ` +
        `processors ${median(name, 'cpuSeconds').toFixed(2)} s, ` +
        `resident ${mib(median(name, 'residentBytes'))}, peak ${mib(median(name, 'peakBytes'))}`,
    );
  }
  const load = median('load', 'seconds');
  verdict('loading over reading into memory', load / median('keep', 'seconds'), { atMost: 1.5 }, ' ×');
  verdict('loading over reading through one buffer', load / median('read', 'seconds'), { atMost: 1.5 }, ' ×');
  const beyond = median('load', 'peakBytes') - median('load', 'residentBytes');
  verdict('peak beyond what the executor keeps, of the weights', beyond / fileBytes, { atMost: 0.1 });
  const held = median('load', 'residentBytes') - median('idle', 'residentBytes');
  console.log(`what the executor keeps, of the weights: ${(held / fileBytes).toFixed(2)} ×`);
}

async function measured(name: Way, scratch: string): Promise<Measured> {
  const file = join(scratch, FILE);
  const start = process.hrtime.bigint();
  const cpuStart = process.cpuUsage();
  const time = (): Pick<Measured, 'seconds' | 'cpuSeconds'> => {
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    const { user, system } = process.cpuUsage(cpuStart);
    return { seconds, cpuSeconds: (user + system) / 1e6 };
  };
  if (name === 'load') {
    const model = await openModel(scratch);
    const layers = model.config.numHiddenLayers;
    const config = new IpuConfig(new Map([['layers_per_ipu', SPLIT]]));
    const stages = planStages(
      model.config,
      placeBert(config, { layers, head: model.head, mode: 'inference' }),
    );
    const shape = { microBatch: 1, sequenceLength: 384 };
    await using _ = await startBertPipeline({ model, stages, executor, ...shape });
    return { ...time(), ...memory() };
  }
  const { size } = statSync(file);
  if (name === 'read') readThrough(file, size, Buffer.alloc(READ_BYTES));
  const kept = name === 'keep' ? readThrough(file, size, new Uint8Array(size)) : undefined;
  const spent = time();
  // Looked at once more, so that what was read is still held when memory is measured.
  return { ...spent, ...memory(), ...(kept?.length === 0 ? { seconds: NaN } : {}) };
}

/** Reads the file once; a buffer that is smaller than it is filled over and over. */
function readThrough(path: string, size: number, into: Uint8Array): Uint8Array {
  const file = openSync(path, 'r');
  for (let at = 0; at < size;) {
    const offset = at % into.length;
    at += readSync(file, into, offset, Math.min(READ_BYTES, into.length - offset, size - at), at);
  }
  closeSync(file);
  return into;
}

function memory(): Pick<Measured, 'residentBytes' | 'peakBytes'> {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (name: string): number =>
    1024 * Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]);
  return { residentBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
}

/** BERT-large with generated weights, as `save_pretrained` lays it out. @returns the size of the weights' file. */
async function writeCheckpoint(scratch: string): Promise<number> {
  const { config } = await openModel('synthetic:bert-large');
  const json = {
    architectures: ['BertForQuestionAnswering'],
    model_type: 'bert',
    hidden_size: config.hiddenSize,
    num_hidden_layers: config.numHiddenLayers,
    num_attention_heads: config.numAttentionHeads,
    intermediate_size: config.intermediateSize,
    vocab_size: config.vocabSize,
  };
  await writeFile(join(scratch, 'config.json'), JSON.stringify(json));
  const slice = { embedding: true, firstLayer: 0, endLayer: config.numHiddenLayers };
  const specs = sliceTensors(config, { ...slice, head: 'question-answering' });
  let end = 0;
  const entries = specs.map(({ name, shape }) => {
    const begin = end;
    end += 4 * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const;
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  const header = Buffer.from(text.padEnd(8 * Math.ceil(text.length / 8)));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  const file = await open(join(scratch, FILE), 'w');
  const weights = new GeneratedWeights();
  await file.write(Buffer.concat([prefix, header]));
  for (const { name, shape } of specs) {
    const values = await weights.tensor(name, shape);
    for (let at = 0; at < values.byteLength;) {
      at += (await file.write(new Uint8Array(values.buffer, at))).bytesWritten;
    }
  }
  await file.close();
  return prefix.length + header.length + end;
}
