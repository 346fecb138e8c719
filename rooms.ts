/**
 * The rooms of the house: each folder, and the rooms that it may use. Imports go one way, without a circle; the linter
 * holds every import to this table (`eslint.config.ts`), and `npm run check` the table itself (`test/check/rooms.ts`).
 * A folder that is not here is an error. See `docs/house.md`.
 */
export interface Room {
  readonly uses: readonly string[] | 'any';
  /** It runs in browsers too: no Node modules or globals, and at run time only rooms that run there too. */
  readonly browser?: true;
}

// prettier-ignore
export const ROOMS: Readonly<Record<string, Room>> = {
  // What the user wrote, and the ground of all.
  'ipu-config/base': { browser: true, uses: [] },
  'ipu-config/base/files': { uses: ['ipu-config/base'] },
  'ipu-config/presets': { browser: true, uses: [] },
  'ipu-config': { browser: true, uses: ['ipu-config/base', 'ipu-config/presets'] },

  // Schedules and their engines: they take nothing but the ground from outside.
  'pipeline/schedule': { browser: true, uses: ['ipu-config/base'] },
  'pipeline/schedules': { browser: true, uses: ['ipu-config/base', 'pipeline/schedule'] },
  'pipeline/simulate': { browser: true, uses: ['ipu-config/base', 'pipeline/schedule'] },
  'pipeline/runtime/links': { uses: ['ipu-config/base', 'pipeline/schedule'] },
  'pipeline/runtime/rank': { uses: ['ipu-config/base', 'pipeline/schedule', 'pipeline/runtime/links'] },
  'pipeline/runtime/ports': { uses: ['ipu-config/base', 'pipeline/runtime/links', 'pipeline/runtime/rank'] },
  'pipeline/runtime': { uses: [
    'ipu-config/base', 'pipeline/schedule', 'pipeline/schedules', 'pipeline/runtime/links',
    'pipeline/runtime/rank', 'pipeline/runtime/ports',
  ] },

  // Models, their weights and words, and who computes them.
  'src/weights': { uses: ['ipu-config/base', 'ipu-config/base/files'] },
  'src/models': { browser: true, uses: ['ipu-config/base', 'ipu-config', 'src/weights'] },
  'src/models/bert': { browser: true, uses: ['src/models'] },
  'src/models/roberta': { browser: true, uses: ['ipu-config/base', 'src/models'] },
  'src/models/distilbert': { browser: true, uses: ['src/models'] },
  'src/models/families': { browser: true, uses: [
    'ipu-config/base', 'ipu-config', 'src/models', 'src/models/bert', 'src/models/roberta',
    'src/models/distilbert',
  ] },
  'src/tokenizer/base': { uses: ['ipu-config/base'] },
  'src/tokenizer/steps': { uses: ['src/tokenizer/base'] },
  'src/tokenizer/wordpiece': { uses: ['src/tokenizer/base', 'src/tokenizer/steps'] },
  'src/tokenizer/bpe': { uses: ['ipu-config/base', 'src/tokenizer/base'] },
  'src/tokenizer': { uses: [
    'ipu-config/base', 'src/tokenizer/base', 'src/tokenizer/steps', 'src/tokenizer/wordpiece',
    'src/tokenizer/bpe',
  ] },
  'src/tokenizer/json': { uses: [
    'ipu-config/base', 'src/tokenizer/base', 'src/tokenizer/steps', 'src/tokenizer/bpe',
    'src/tokenizer',
  ] },
  'src/tokenizer/load': { uses: [
    'ipu-config/base', 'src/tokenizer/base', 'src/tokenizer/bpe', 'src/tokenizer', 'src/tokenizer/json',
  ] },
  'src/executors': { uses: ['ipu-config/base', 'pipeline/runtime/rank', 'src/weights', 'src/models'] },
  'src/executors/gpu-js/kernels': { uses: [] },
  'src/executors/gpu-js': { uses: [
    'ipu-config/base', 'src/weights', 'src/models', 'src/executors', 'src/executors/gpu-js/kernels',
  ] },
  'src/executors/onnx': { uses: ['ipu-config/base', 'src/weights', 'src/models', 'src/executors'] },
  'src/executors/reference': { uses: ['ipu-config/base', 'src/weights', 'src/models', 'src/executors'] },
  'src/executors/choice': { uses: [
    'ipu-config/base', 'src/executors', 'src/executors/gpu-js', 'src/executors/onnx',
    'src/executors/reference',
  ] },
  'src/hub': { uses: ['ipu-config/base', 'ipu-config/base/files', 'src/weights'] },

  // What is asked of a model, and a session of it on a pipeline.
  'src/tasks': { uses: ['ipu-config/base', 'src/models', 'src/tokenizer/base', 'src/tokenizer'] },
  'src/runs': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'ipu-config', 'pipeline/schedule', 'pipeline/runtime/rank', 'pipeline/runtime',
    'src/weights', 'src/models', 'src/models/families', 'src/tokenizer/base', 'src/tokenizer/bpe',
    'src/tokenizer', 'src/tokenizer/load', 'src/executors', 'src/executors/choice', 'src/hub',
    'src/tasks',
  ] },
  'src/tasks/squad': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'ipu-config', 'src/tokenizer/base', 'src/tokenizer', 'src/tasks',
  ] },

  // Predictions: IPUs, and the machine at hand.
  'src/hardware/chips': { browser: true, uses: [] },
  'src/hardware/systems': { browser: true, uses: [] },
  'src/hardware': { browser: true, uses: [
    'ipu-config/base', 'ipu-config', 'pipeline/schedule', 'pipeline/schedules', 'pipeline/simulate',
    'src/models', 'src/models/families', 'src/hardware/chips', 'src/hardware/systems', 'src/observe',
  ] },
  'src/planning': { browser: true, uses: [
    'ipu-config/base', 'ipu-config', 'pipeline/simulate', 'src/hardware',
  ] },
  'src/planning/packing': { browser: true, uses: ['ipu-config/base', 'src/hardware'] },
  'src/benchmark': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'ipu-config', 'pipeline/schedule', 'pipeline/runtime',
    'src/models', 'src/models/families', 'src/runs',
  ] },
  'src/machine': { uses: [
    'ipu-config/base', 'ipu-config', 'pipeline/schedule', 'pipeline/schedules', 'pipeline/simulate',
    'pipeline/runtime/rank', 'pipeline/runtime', 'src/models', 'src/models/families',
    'src/executors', 'src/executors/gpu-js', 'src/executors/onnx', 'src/executors/choice', 'src/runs',
    'src/planning', 'src/benchmark',
  ] },

  // What was seen, and how it is shown.
  'src/observe': { browser: true, uses: ['ipu-config/base', 'pipeline/schedule'] },
  'src/observe/files': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'pipeline/schedule', 'src/observe',
  ] },
  'src/report/data': { browser: true, uses: [
    'ipu-config/base', 'ipu-config', 'src/hardware', 'src/planning', 'src/benchmark', 'src/observe',
  ] },
  'src/report/playground': { browser: true, uses: [
    'ipu-config/base', 'ipu-config', 'pipeline/schedules', 'src/hardware', 'src/planning', 'src/observe',
    'src/report/data',
  ] },
  'src/report/files': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'pipeline/schedule', 'src/hardware', 'src/benchmark', 'src/observe',
    'src/observe/files', 'src/report/data',
  ] },
  'src/report/text': { uses: [
    'ipu-config/base', 'src/models/families', 'src/hardware', 'src/planning', 'src/planning/packing',
    'src/benchmark', 'src/machine', 'src/report/data',
  ] },
  'src/report/html': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'src/report/data', 'src/report/playground',
  ] },
  'src/report/page/parts': { browser: true, uses: ['ipu-config/base', 'src/observe', 'src/report/data'] },
  'src/report/page/timeline': { browser: true, uses: ['src/observe', 'src/report/page/parts'] },
  'src/report/page/playground': { browser: true, uses: [
    'ipu-config/base', 'ipu-config', 'pipeline/schedules', 'src/hardware', 'src/planning', 'src/observe',
    'src/report/data', 'src/report/playground', 'src/report/page/parts', 'src/report/page/timeline',
  ] },
  'src/report/page': { browser: true, uses: [
    'ipu-config/base', 'src/observe', 'src/report/data', 'src/report/page/parts',
    'src/report/page/timeline',
  ] },

  // The command line: a thin shell. And the doors.
  'src/cli/flags': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'ipu-config', 'pipeline/schedule', 'src/executors/choice',
    'src/hub', 'src/runs', 'src/hardware', 'src/observe', 'src/observe/files', 'src/report/data',
    'src/report/html',
  ] },
  'src/cli/run': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'pipeline/schedule', 'pipeline/schedules', 'src/models', 'src/runs', 'src/benchmark',
    'src/machine', 'src/observe', 'src/observe/files', 'src/report/data', 'src/report/text',
    'src/report/html', 'src/cli/flags',
  ] },
  'src/cli/ask': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'ipu-config', 'src/tokenizer/base', 'src/tasks', 'src/runs',
    'src/tasks/squad', 'src/cli/flags',
  ] },
  'src/cli/look': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'ipu-config', 'pipeline/schedule', 'pipeline/schedules', 'pipeline/simulate',
    'src/models', 'src/models/families', 'src/hardware', 'src/planning', 'src/observe', 'src/report/data',
    'src/report/files', 'src/report/html', 'src/report/playground', 'src/report/text', 'src/cli/flags',
  ] },
  'src/cli/predict': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'ipu-config', 'pipeline/schedule', 'pipeline/schedules',
    'src/models/families', 'src/runs', 'src/hardware', 'src/planning', 'src/planning/packing', 'src/machine',
    'src/report/data', 'src/report/text', 'src/cli/flags',
  ] },
  'src/cli': { uses: [
    'ipu-config/base', 'ipu-config/base/files', 'src/cli/flags', 'src/cli/run', 'src/cli/ask', 'src/cli/look',
    'src/cli/predict',
  ] },
  'src/doors': { uses: 'any' },
};

/** The room of a file, both relative to the repository's root. */
export function roomOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf('/')));
}

/** A room is part of the house where it lies in one of these. */
export const HOUSE = ['ipu-config', 'pipeline', 'src'] as const;

/** Why one room may not use another, or undefined where it may. `atRunTime` is false for an import of types. */
export function refusal(from: string, to: string, atRunTime: boolean): string | undefined {
  const room = ROOMS[from];
  if (room === undefined) return `${from} is not in the table of rooms (rooms.ts).`;
  if (ROOMS[to] === undefined) return `${to} is not in the table of rooms (rooms.ts).`;
  if (room.uses === 'any') return undefined;
  if (!room.uses.includes(to)) return `${from} may not use ${to}: see the table of rooms (rooms.ts).`;
  if (atRunTime && room.browser && !ROOMS[to].browser) {
    return `${from} also runs in the browser, and ${to} does not: import its types only.`;
  }
  return undefined;
}

/** The first circle of the table, as the rooms on it; undefined where there is none. */
export function circle(): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (room: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(room)) return [...path.slice(path.indexOf(room)), room];
    if (done.has(room)) return undefined;
    const uses = ROOMS[room]?.uses ?? [];
    for (const next of uses === 'any' ? [] : uses) {
      const found = visit(next, [...path, room]);
      if (found) return found;
    }
    done.add(room);
    return undefined;
  };
  for (const room of Object.keys(ROOMS)) {
    const found = visit(room, []);
    if (found) return found;
  }
  return undefined;
}
