import type { Action } from '../../schedule/action.js';
import type { Op } from '../../schedule/op-table.js';
import type { Span } from '../../schedule/span.js';
import type { CallRow } from '../../schedule/streamed.js';
import type { StageSpec } from './stage.js';

interface OwnStage {
  readonly stage: number;
  readonly spec: StageSpec;
  /** What the schedule has it do. */
  readonly ops: readonly Op[];
}

/** What a rank (a thread, or a place in the caller's thread) is told once, before anything else. */
export interface RankSetup {
  readonly replica: number;
  readonly rank: number;
  /** The stages that sit on it, in order. */
  readonly stages: readonly OwnStage[];
}

/** Host → rank. One request is answered before the next is sent. */
export type Request =
  | { readonly kind: 'load'; readonly stage: number }
  /** Work through the stream: ends when the input has ended, the host says stop, or a stage fails. */
  | {
      readonly kind: 'run';
      readonly order: CallRow;
      readonly observe: boolean;
      readonly runStartNs: number;
    }
  | { readonly kind: 'dispose'; readonly stage: number };

/** Rank → host: one answer to each request, and notices in between. */
type Reply =
  | {
      readonly kind: 'loaded';
      readonly stage: number;
      readonly weightBytes: number | undefined;
      readonly loadMs: number;
    }
  /** `idleSinceNs`: when in the run the last action, or the wait that the end of input cut short, was over. */
  | { readonly kind: 'ran'; readonly idleSinceNs: number }
  | { readonly kind: 'disposed' }
  | {
      readonly kind: 'failed';
      readonly stage: number;
      /** What it was at; its micro-batch by the replica's own number. */
      readonly action: Action | undefined;
      readonly error: ThrownValue;
    }
  /** Notice: share of a stage's weights that is loaded, 0 … 1. */
  | { readonly kind: 'progress'; readonly stage: number; readonly fraction: number }
  /** Notice: what the rank did and why it waited, in order of time. */
  | { readonly kind: 'spans'; readonly spans: readonly Span[] };

export type Notice = Extract<Reply, { kind: 'progress' | 'spans' }>;
export type Answer = Exclude<Reply, Notice>;

/** Anything that a stage can throw, in a form that can always be posted. */
export interface ThrownValue {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Own properties of the error that are plain values: `code`, `exitCode`, … */
  readonly properties: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: ThrownValue;
}
