import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Packr, unpackMultiple } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { InputError, IpuConfig } from 'ipu-pipeline';
import {
  comparePoints,
  configuredRun,
  loadPoints,
  publishedModel,
  ratesOnOneIpu,
  simulateIpus,
  systemByName,
} from 'ipu-pipeline/simulator';
import { readAnswers, SquadJournal } from 'ipu-pipeline/tasks';
import { loadProfile } from 'ipu-pipeline/machine';
import {
  convertToTrace,
  readReport,
  simulationData,
  SpanRecorder,
  type ShowSimulation,
} from 'ipu-pipeline/report';
import { machine } from '../profile/machine.js';
import { Dice, mutatedBytes, mutatedValue } from './mutate.js';
import { manySpans, sampleBenchmark, sampleReport } from './sample-report.js';

const SEED = inject('seed');
/** Files of each kind; a long run: DAMAGED_FILES=5000. */
const TRIES = Number(process.env['DAMAGED_FILES'] ?? 120);
/** Of one file, which is read in a few milliseconds when it is whole. */
const MOST_MS = 2000;

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-damaged-'))));
afterAll(() => rm(folder, { recursive: true }));

const show: ShowSimulation = ({ run, advice = [] }) =>
  Promise.resolve(simulationData(simulateIpus(run), { oneIpu: ratesOnOneIpu(run), advice }));
const simulated = simulateIpus(
  configuredRun(new IpuConfig({ layers_per_ipu: [3, 7, 7, 7], gradient_accumulation_steps: 16 }), {
    ...{ model: publishedModel('bert-large')!, hardware: systemByName('pod4'), mode: 'training' },
    ...{ sequenceLength: 128, microBatch: 2, schedule: { name: '1f1b' } },
  }).run,
);
const points = [
  {
    id: 'small',
    model: { hiddenSize: 256, layers: 4, attentionHeads: 4, vocabSize: 1000, head: 'question-answering' },
    ...{ mode: 'training', chip: 'gc200', ipus: 4, ipusPerReplica: 2, replicas: 2, sequenceLength: 128 },
    ...{ microBatch: 4, gradientAccumulation: 16, recompute: 'stage', matmulProportion: [0.2, 0.3] },
    stages: [
      { ipu: 0, embedding: true, attention: 2, feedForward: 2 },
      { ipu: 1, attention: 2, feedForward: 2, head: true },
    ],
    optimizer: { name: 'adamw', stateOffChip: false, replicatedTensorSharding: true },
    measured: { rowsPerSecond: 100 },
  },
];
const answers = [0, 1, 2].map((at) => {
  const best = { text: 'Graz', start: 3, end: 7, probability: 0.9 };
  return { id: `q${at}`, answer: { ...best, nBest: [{ ...best, startLogit: 1.5, endLogit: 2 }] } };
});
const SETTINGS = { model: 'm', nBest: 20 };

/** A kind of file: a whole one, and all that reads it. */
interface Kind {
  readonly value: () => unknown;
  readonly read: (path: string) => Promise<unknown>;
  /** JSON in one piece when absent. */
  readonly write?: (value: unknown) => Promise<Uint8Array>;
}

const readAll = async (path: string): Promise<void> => {
  await readReport(path, show);
  await convertToTrace(path, `${path}.trace`, show);
};

const lines = (values: unknown): Promise<Uint8Array> =>
  Promise.resolve(Buffer.from((values as unknown[]).map((value) => `${JSON.stringify(value)}\n`).join('')));

const KINDS: Readonly<Record<string, Kind>> = {
  report: { value: sampleReport, read: readAll },
  benchmark: { value: sampleBenchmark, read: readAll },
  simulation: { value: () => ({ ...simulated, advice: [] }), read: readAll },
  profile: { value: machine, read: async (path) => loadProfile(await readFile(path, 'utf8'), path) },
  points: {
    value: () => points,
    read: async (path) => comparePoints(loadPoints(await readFile(path, 'utf8'), path).points({})),
  },
  recording: {
    value: () => unpackMultiple(recorded()) as unknown,
    write: (records) => {
      const packr = new Packr({ useRecords: false });
      return Promise.resolve(Buffer.concat((records as unknown[]).map((record) => packr.pack(record))));
    },
    read: readAll,
  },
  journal: {
    value: () => [SETTINGS, ...answers],
    write: lines,
    read: async (path) => {
      const questions = answers.map(({ id }) => ({ id, question: '', context: '', answers: [] }));
      const journal = await SquadJournal.open(path, SETTINGS, questions, true);
      journal.close();
      for await (const answer of readAnswers(path, journal.answered))
        expect(answer.answer.nBest).toBeDefined();
    },
  },
};

function recorded(): Buffer {
  const path = join(folder, 'whole');
  const recorder = new SpanRecorder(path, { model: 'm' });
  recorder.beginRun({ run: 'pipeline', stages: ['a', 'b'], ipus: [0, 1], kind: 'measured' });
  for (const span of manySpans(2, 20)) recorder.add(span);
  recorder.close();
  return readFileSync(path);
}

describe.each(Object.entries(KINDS))('a damaged %s', (name, { value, read, write }) => {
  const written = async (of: unknown): Promise<Uint8Array> =>
    write ? write(of) : Buffer.from(JSON.stringify(of));

  it(`is refused by name, or read (seed ${SEED})`, async () => {
    const dice = new Dice(SEED);
    const whole = await value();
    const path = join(folder, name);
    const bytes = await written(whole);
    await writeFile(path, bytes);
    await read(path);
    let refused = 0;
    for (let at = 0; at < TRIES; at++) {
      const damaged = at % 2 === 0 ? mutatedBytes(bytes, dice) : await written(mutatedValue(whole, dice));
      await writeFile(path, damaged);
      const began = performance.now();
      const error: unknown = await read(path).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      const where = `seed ${SEED}, try ${at}`;
      expect(performance.now() - began, where).toBeLessThan(MOST_MS);
      if (error === undefined) continue;
      refused++;
      if (!(error instanceof InputError)) throw new Error(`${where}: a raw error`, { cause: error });
      expect(error.message.length, where).toBeLessThan(2000);
    }
    expect(refused).toBeGreaterThan(TRIES / 5);
  }, 60_000);
});
