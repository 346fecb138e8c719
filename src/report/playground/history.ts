import { linkOf } from './setup-link.js';
import type { Setup } from './setup.js';

/** What was, is, and was taken back. */
export interface History {
  readonly past: readonly Setup[];
  readonly present: Setup;
  readonly future: readonly Setup[];
  /** Changes of one group are one step: those of a drag, of a number that is being typed. */
  readonly group?: string | undefined;
}

const MOST_STEPS = 100;

export function historyOf(present: Setup): History {
  return { past: [], present, future: [] };
}

/** @param group of the change; absent: a step of its own */
export function changed(history: History, setup: Setup, group?: string): History {
  const { past, present } = history;
  if (isSame(setup, present)) return { ...history, group };
  const continues = group !== undefined && group === history.group;
  const before = continues ? past : [...past, present].slice(-MOST_STEPS);
  // A drag that comes back to where it began is no step.
  const isBack = continues && before.length > 0 && isSame(setup, before.at(-1)!);
  return isBack
    ? { ...history, past: before.slice(0, -1), present: setup, group: undefined }
    : { past: before, present: setup, future: [], group };
}

export function undone(history: History): History {
  const { past, present, future } = history;
  const before = past.at(-1);
  return before ? { past: past.slice(0, -1), present: before, future: [present, ...future] } : history;
}

export function redone({ past, present, future, group }: History): History {
  const [next, ...rest] = future;
  return next ? { past: [...past, present], present: next, future: rest } : { past, present, future, group };
}

export function isSame(a: Setup, b: Setup): boolean {
  return a === b || linkOf(a) === linkOf(b);
}
