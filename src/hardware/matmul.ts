import type { ChipSpec } from './hardware.js';

/** `groups` independent products `[rows, inner] · [inner, columns]`. */
export interface Matmul {
  readonly groups: number;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

export interface MatmulSettings {
  readonly precision: 'float16' | 'float32';
  readonly halfPartials: boolean;
  /** Share of a tile's memory that inputs and partial sums may take. */
  readonly proportion: number;
}

export interface MatmulPlan {
  readonly cycles: number;
  /** Multiply-accumulates at full rate on all tiles: what `cycles` cannot go below. */
  readonly idealCycles: number;
  /** The largest need of one tile for rearranged inputs and partial sums. */
  readonly bytesPerTile: number;
}

const BLOCK_INNER = 64;
const BLOCK_COLUMNS = 16;

/**
 * Cycles of a matmul when it is cut over the tiles as well as can be: a tile computes
 * `rows/pr × inner/pi × columns/pc`, after it has received its inputs over the exchange; then partial sums of
 * `pi` tiles are exchanged and added. All cuts are tried; the fastest that fits the memory allowance wins, and where
 * none fits, the one that needs least. The shape of the model is that of PopLibs' convolution planner
 * (lib/poplin/PerformanceEstimation.hpp), with few terms.
 */
export function planMatmul(matmul: Matmul, settings: MatmulSettings, chip: ChipSpec): MatmulPlan {
  const { groups, rows, inner, columns } = matmul;
  const { precision, halfPartials, proportion } = settings;
  const sizes = [groups, rows, inner, columns, precision, halfPartials, proportion];
  const key = [...sizes, ...plannedFigures(chip)].join();
  let plan = PLANS.get(key);
  if (!plan) {
    if (PLANS.size >= MOST_PLANS) PLANS.clear();
    PLANS.set(key, (plan = search(matmul, settings, chip)));
  }
  return { ...plan, cycles: plan.cycles / chip.ampEfficiency };
}

/** Plans depend on nothing else; a stage asks for the same few products again and again. */
const PLANS = new Map<string, MatmulPlan>();
const MOST_PLANS = 4096;

function plannedFigures(chip: ChipSpec): readonly number[] {
  return [
    chip.tiles,
    chip.sramBytesPerTile,
    chip.macsPerCycleFloat16,
    chip.macsPerCycleFloat16Float32Partials,
    chip.macsPerCycleFloat32,
    chip.exchangeBytesPerCycle,
    chip.loadBytesPerCycle,
    chip.vectorEfficiency,
    chip.internalSyncCycles,
    chip.launchCycles,
    chip.ampBlockCycles,
  ];
}

function search(matmul: Matmul, settings: MatmulSettings, chip: ChipSpec): MatmulPlan {
  const { groups, rows, inner, columns } = matmul;
  const perGroup = Math.max(1, Math.floor(chip.tiles / groups));
  const rounds = Math.ceil(groups / Math.min(groups, chip.tiles));
  const allowance = settings.proportion * chip.sramBytesPerTile;
  const macs = macsPerCycle(settings, chip);
  const idealCycles = (groups * rows * inner * columns) / (chip.tiles * macs);
  let best: MatmulPlan | undefined;
  for (const pi of cuts(Math.ceil(inner / BLOCK_INNER), perGroup)) {
    for (const pc of cuts(Math.ceil(columns / BLOCK_COLUMNS), Math.floor(perGroup / pi))) {
      const pr = Math.min(rows, Math.floor(perGroup / (pi * pc)));
      const inSeries = (series: number): OnTiles =>
        onTiles(matmul, { pr, pi, pc, series, rounds }, settings, chip);
      // The fewest passes that fit, or else need the least: more of them only cost time.
      const most = Math.floor(rows / pr);
      const bytes = Math.max(allowance, inSeries(most).bytesPerTile);
      const plan = inSeries(first(most, (series) => inSeries(series).bytesPerTile <= bytes));
      if (!best || isBetter(plan, best, allowance)) best = { ...plan, idealCycles };
    }
  }
  return best!;
}

/** The least number from 1 to `most` of which something holds that holds of all above it. */
function first(most: number, holds: (value: number) => boolean): number {
  let [low, high] = [1, most];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

type OnTiles = Omit<MatmulPlan, 'idealCycles'>;

function isBetter(plan: OnTiles, best: OnTiles, allowance: number): boolean {
  const fits = plan.bytesPerTile <= allowance;
  if (fits !== best.bytesPerTile <= allowance) return fits;
  return fits ? plan.cycles < best.cycles : plan.bytesPerTile < best.bytesPerTile;
}

interface Cut {
  readonly pr: number;
  readonly pi: number;
  readonly pc: number;
  /** Passes over the rows, one after another, to need less memory at a time. */
  readonly series: number;
  readonly rounds: number;
}

function onTiles(matmul: Matmul, cut: Cut, settings: MatmulSettings, chip: ChipSpec): OnTiles {
  const rows = Math.ceil(matmul.rows / (cut.pr * cut.series));
  const inner = Math.ceil(matmul.inner / cut.pi);
  const columns = Math.ceil(matmul.columns / cut.pc);
  const bytes = settings.precision === 'float16' ? 2 : 4;
  const partialBytes = settings.precision === 'float16' && settings.halfPartials ? 2 : 4;
  const inputBytes = (rows * inner + inner * columns) * bytes;
  const outputBytes = rows * columns * partialBytes;
  const blockRow = (BLOCK_INNER * BLOCK_COLUMNS) / macsPerCycle(settings, chip);
  const blocks = Math.ceil(inner / BLOCK_INNER) * Math.ceil(columns / BLOCK_COLUMNS);
  const compute = blocks * (chip.ampBlockCycles + rows * blockRow) + chip.launchCycles;
  const exchange = inputBytes / chip.exchangeBytesPerCycle + chip.internalSyncCycles;
  const reduction = cut.pi === 1 ? 0 : reduceCycles(outputBytes, cut.pi, chip);
  return {
    cycles: cut.rounds * cut.series * (compute + exchange + reduction),
    bytesPerTile: inputBytes + outputBytes + received(outputBytes, cut.pi),
  };
}

/** Each of `parts` tiles fetches the others' share of the sums that it finishes, and adds them. */
function reduceCycles(outputBytes: number, parts: number, chip: ChipSpec): number {
  const bytes = received(outputBytes, parts);
  const added = bytes / (chip.loadBytesPerCycle * chip.vectorEfficiency);
  return bytes / chip.exchangeBytesPerCycle + added + chip.internalSyncCycles + chip.launchCycles;
}

function received(outputBytes: number, parts: number): number {
  return (outputBytes * (parts - 1)) / parts;
}

function macsPerCycle({ precision, halfPartials }: MatmulSettings, chip: ChipSpec): number {
  if (precision === 'float32') return chip.macsPerCycleFloat32;
  return halfPartials ? chip.macsPerCycleFloat16 : chip.macsPerCycleFloat16Float32Partials;
}

/** The cuts of `size` pieces that differ in the largest share: at most `limit` of them. */
function cuts(size: number, limit: number): number[] {
  const found: number[] = [];
  const most = Math.max(1, Math.min(size, limit));
  for (let share = Math.ceil(size / most); share <= size;) {
    const parts = Math.ceil(size / share);
    found.push(parts);
    if (parts === 1) break;
    share = Math.ceil(size / (parts - 1));
  }
  return found;
}
