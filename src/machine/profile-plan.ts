import { availableParallelism, freemem } from 'node:os';
import type { BertModel } from '../runs/model.js';
import { programOf } from '../models/families/families.js';
import { weightBytes } from '../models/program.js';
import { partsOfModel } from './probe.js';
import type { BatchShape } from './stage-work.js';

/** So many stages at once, each with so many threads. */
export interface Level {
  readonly stagesAtOnce: number;
  readonly threadsPerStage: number;
}

/** What is measured of one model. */
export interface ProfilePlan {
  readonly shapes: readonly BatchShape[];
  readonly levels: readonly Level[];
  /** More stages than cores, and what they run; absent when they do not fit into memory. */
  readonly sharing?: { readonly stagesAtOnce: number; readonly shape: BatchShape };
}

export interface MachineSize {
  readonly cores: number;
  readonly freeBytes: number;
}

/** Probes take at most this share of the memory that is free. */
const MEMORY_SHARE = 0.5;

export function thisMachine(): MachineSize {
  return { cores: availableParallelism(), freeBytes: freemem() };
}

/** 1, 2, 4, … stages at once up to the number of cores, as many threads within one stage, and twice the cores. */
export function profilePlan(
  model: BertModel,
  shapes: readonly BatchShape[],
  { cores, freeBytes }: MachineSize,
): ProfilePlan {
  const probeBytes = partsOfModel(model).reduce(
    (sum, { slice }) => sum + weightBytes(programOf(model.config, slice)),
    0,
  );
  const most = Math.max(1, Math.floor((MEMORY_SHARE * freeBytes) / Math.max(1, probeBytes)) - 1);
  const counts = doublings(cores);
  const levels = [
    ...counts.filter((count) => count <= most).map((count) => ({ stagesAtOnce: count, threadsPerStage: 1 })),
    ...counts.slice(1).map((count) => ({ stagesAtOnce: 1, threadsPerStage: count })),
  ];
  const plan = { shapes, levels };
  const byTokens = [...shapes].sort((a, b) => tokensOf(a) - tokensOf(b));
  return 2 * cores > most
    ? plan
    : { ...plan, sharing: { stagesAtOnce: 2 * cores, shape: byTokens[byTokens.length >> 1]! } };
}

export function tokensOf({ microBatch, sequenceLength }: BatchShape): number {
  return microBatch * sequenceLength;
}

function doublings(most: number): number[] {
  const counts: number[] = [];
  for (let count = 1; count < most; count *= 2) counts.push(count);
  return [...counts, most];
}
