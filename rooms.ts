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

const browser = true;
const base = 'ipu-config/base';
const files = 'ipu-config/base/files';
const config = 'ipu-config';
const schedule = 'pipeline/schedule';
const schedules = 'pipeline/schedules';
const simulate = 'pipeline/simulate';
const runtime = 'pipeline/runtime';
const models = 'src/models';
const bert = 'src/models/bert';
const families = 'src/models/families';
const flags = 'src/cli/flags';

export const ROOMS: Readonly<Record<string, Room>> = {
  // What the user wrote, and the ground of all.
  'ipu-config/base': { uses: [], browser },
  'ipu-config/base/files': { uses: [base] },
  'ipu-config/presets': { uses: [], browser },
  'ipu-config': { uses: [base, 'ipu-config/presets'], browser },

  // Schedules and their engines: they take nothing but the ground from outside.
  'pipeline/schedule': { uses: [base], browser },
  'pipeline/schedules': { uses: [base, schedule], browser },
  'pipeline/simulate': { uses: [base, schedule], browser },
  'pipeline/runtime/links': { uses: [base, schedule] },
  'pipeline/runtime/rank': { uses: [base, schedule, 'pipeline/runtime/links'] },
  'pipeline/runtime/ports': { uses: [base, 'pipeline/runtime/rank'] },
  'pipeline/runtime': {
    uses: [
      base,
      schedule,
      schedules,
      'pipeline/runtime/links',
      'pipeline/runtime/rank',
      'pipeline/runtime/ports',
    ],
  },

  // Models, and who computes them.
  'src/weights': { uses: [base, files] },
  'src/models': { uses: [base, config, 'src/weights'], browser },
  'src/models/bert': { uses: [base, config, 'src/weights', models], browser },
  'src/models/families': { uses: [base, config, 'src/weights', models, bert], browser },
  'src/tokenizer': { uses: [base] },
  'src/executors': { uses: [base, models, 'src/weights'] },
  'src/executors/gpu-js/kernels': { uses: [] },
  'src/executors/gpu-js': {
    uses: [base, models, 'src/weights', 'src/executors', 'src/executors/gpu-js/kernels'],
  },
  'src/executors/onnx': { uses: [base, models, 'src/weights', 'src/executors'] },
  'src/executors/reference': { uses: [base, models, 'src/weights', 'src/executors'] },
  'src/executors/choice': {
    uses: [base, 'src/executors', 'src/executors/gpu-js', 'src/executors/onnx', 'src/executors/reference'],
  },
  'src/hub': { uses: [base, files] },
  'src/runs': {
    uses: [
      base,
      schedule,
      runtime,
      models,
      families,
      'src/weights',
      'src/tokenizer',
      'src/executors',
      'src/executors/choice',
      'src/hub',
    ],
  },
  'src/tasks': { uses: [base, runtime, models, 'src/tokenizer', 'src/runs'] },
  'src/tasks/squad': { uses: [base, config, 'src/tokenizer', 'src/tasks'] },

  // Predictions: IPUs, and the machine at hand.
  'src/hardware/chips': { uses: [], browser },
  'src/hardware/systems': { uses: [], browser },
  'src/hardware': {
    uses: [
      base,
      'src/weights',
      config,
      schedule,
      schedules,
      simulate,
      models,
      bert,
      families,
      'src/hardware/chips',
      'src/hardware/systems',
    ],
    browser,
  },
  'src/planning': { uses: [base, config, simulate, 'src/hardware'], browser },
  'src/benchmark': { uses: [base, files, config, schedule, runtime, models, families, 'src/runs'] },
  'src/machine': {
    uses: [
      ...[base, config, schedule, schedules, simulate, runtime, models, families],
      ...[
        'src/executors',
        'src/executors/choice',
        'src/executors/onnx',
        'src/executors/gpu-js',
        'src/runs',
        'src/benchmark',
      ],
      'src/planning',
    ],
  },

  // What was seen, and how it is shown.
  'src/observe': { uses: [base, files, schedule], browser },
  'src/report/data': {
    uses: [
      ...[base, config, schedule, 'src/hardware', 'src/planning'],
      ...['src/benchmark', 'src/machine', 'src/observe'],
    ],
    browser,
  },
  'src/report/text': {
    uses: [base, families, 'src/hardware', 'src/planning', 'src/benchmark', 'src/machine'],
  },
  'src/report/html': { uses: [base, 'src/report/data'] },
  'src/report/page/timeline': { uses: ['src/observe'], browser },
  'src/report/page/playground': {
    uses: [
      ...[base, config, schedules, 'src/hardware', 'src/planning', 'src/observe'],
      ...['src/report/data', 'src/report/page/timeline'],
    ],
    browser,
  },
  'src/report/page': {
    uses: [base, 'src/observe', 'src/report/data', 'src/report/page/timeline', 'src/report/page/playground'],
    browser,
  },

  // The command line: a thin shell.
  'src/cli/flags': {
    uses: [base, config, families, 'src/hardware', 'src/executors/choice', 'src/hub', 'src/runs'],
  },
  'src/cli/run': {
    uses: [
      ...[
        flags,
        base,
        config,
        schedule,
        schedules,
        'src/runs',
        'src/benchmark',
        'src/machine',
        'src/observe',
      ],
      ...['src/report/data', 'src/report/text', 'src/report/html'],
    ],
  },
  'src/cli/ask': {
    uses: [flags, base, files, config, 'src/tokenizer', 'src/runs', 'src/tasks', 'src/tasks/squad'],
  },
  'src/cli/look': {
    uses: [
      ...[flags, base, config, schedule, schedules, simulate, models, bert, 'src/hardware', 'src/planning'],
      ...['src/observe', 'src/report/data', 'src/report/html'],
    ],
  },
  'src/cli/predict': {
    uses: [
      ...[flags, base, config, schedule, schedules, families, 'src/hardware', 'src/planning', 'src/runs'],
      ...['src/machine', 'src/observe', 'src/report/data', 'src/report/text', 'src/report/html'],
    ],
  },
  'src/cli': { uses: [base, files, 'src/cli/run', 'src/cli/ask', 'src/cli/look', 'src/cli/predict'] },
  'src/doors': { uses: 'any' },
};

/** An import that the table forbids, and that is being mended: this list must end empty. */
export interface Exception {
  readonly since: string;
  readonly mender: string;
  readonly from: string;
  readonly to: string;
}

const today = (mender: string, from: string, ...to: readonly string[]): Exception[] =>
  to.map((room) => ({ since: '2026-11-25', mender, from, to: room }));

export const EXCEPTIONS: readonly Exception[] = [
  ...today('runtime', 'pipeline/runtime/rank', 'pipeline/runtime'),
  ...today('session', 'src/runs', 'src/tasks'),
  ...today('reports', 'src/observe', 'src/report/data'),
  ...today('reports', 'src/report/data', 'src/report/text'),
  ...today('reports', 'src/hardware', 'src/planning'),
  ...today('reports', 'src/report/page/timeline', 'src/report/page'),
  ...today('reports', 'src/report/page/playground', 'src/report/page'),
];

/** Files that need Node in rooms of the browser: this list must end empty. */
export const NODE_FILES: readonly string[] = [
  'src/observe/recording.ts',
  'src/observe/span-recorder.ts',
  'src/observe/trace-writer.ts',
  'src/report/data/report-source.ts',
];

/** Files that decide by hand what an op does, outside of its table, rule and generators: this list must end empty. */
export const OP_FILES: readonly string[] = [
  ...['deadlock', 'lower', 'peak-activations', 'progress', 'rank-rows', 'validate'].map(
    (name) => `pipeline/schedule/${name}.ts`,
  ),
  'pipeline/simulate/simulate.ts',
  'pipeline/runtime/plan.ts',
  'pipeline/runtime/links/replica-memory.ts',
  ...['held-activations', 'run-description', 'flow-pairs'].map((name) => `src/observe/${name}.ts`),
  'src/hardware/simulate-freely.ts',
  'src/hardware/simulate-run.ts',
  'src/cli/look/schedule.ts',
];

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
  if (room.uses === 'any' || EXCEPTIONS.some((one) => one.from === from && one.to === to)) return undefined;
  if (!room.uses.includes(to)) return `${from} may not use ${to}: see the table of rooms (rooms.ts).`;
  if (atRunTime && room.browser && !ROOMS[to].browser) {
    return `${from} also runs in the browser, and ${to} does not: import its types only.`;
  }
  return undefined;
}

/** The first circle of the table, as the rooms on it, without the exceptions; undefined where there is none. */
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
