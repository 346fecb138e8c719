import type { MessagePort } from 'node:worker_threads';
import type { Action } from '../../schedule/action.js';
import type { Span } from '../../schedule/span.js';
import type { StageSpec } from '../stage.js';
import type { ReplicaBuffers } from '../links/replica-memory.js';

export interface OwnStage {
  readonly stage: number;
  readonly spec: StageSpec;
}

/** What a rank (a thread, or a place in the caller's thread) is told once, before anything else. */
export interface RankSetup {
  readonly replica: number;
  readonly rank: number;
  readonly buffers: ReplicaBuffers;
  /** The stages that sit on it, in order. */
  readonly stages: readonly OwnStage[];
  /** How long the rank looks at its bell before it sleeps. */
  readonly spinNs: number;
}

/** A rank's part of one call, in order; micro-batches count from 0 in each call. */
export interface RankOrder {
  readonly actions: readonly Action[];
  /** Micro-batches of one call: the k-th call adds k times this to every micro-batch. */
  readonly callSize: number;
}

/** Host → rank. One request is answered before the next is sent. */
export type Request =
  | { readonly kind: 'open'; readonly setup: RankSetup; readonly notices?: MessagePort }
  | { readonly kind: 'load'; readonly stage: number }
  /** Work through the stream: ends when the input has ended, the host says stop, or a stage fails. */
  | {
      readonly kind: 'run';
      readonly order: RankOrder;
      readonly observe: boolean;
      readonly runStartNs: number;
    }
  | { readonly kind: 'dispose' };

/** Rank → host: one answer to each request, and notices in between. */
export type Reply =
  | { readonly kind: 'opened'; readonly threadId: number }
  | {
      readonly kind: 'loaded';
      readonly stage: number;
      readonly weightBytes: number | undefined;
      readonly loadMs: number;
    }
  /** `idleSinceNs`: when the last action, or the wait that the end of input cut short, was over. */
  | { readonly kind: 'ran'; readonly idleSinceNs: number }
  | { readonly kind: 'disposed' }
  | {
      readonly kind: 'failed';
      readonly stage: number;
      /** The replica's own number of the micro-batch. */
      readonly microBatch: number | undefined;
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
