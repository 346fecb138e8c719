import { answer } from './answer.js';
import { choose } from './choose.js';
import { classify } from './classify.js';
import { embed } from './embed.js';
import { fill } from './fill.js';
import { label } from './label.js';
import { nextSentence } from './next-sentence.js';
import type { OptionSpecs, OptionValues } from './options.js';
import type { Task, TaskDefinition, TaskSpec } from './task.js';

/** The one table of tasks, by the names that commands, sessions and a server's paths have. */
export const TASKS = {
  answer,
  classify,
  label,
  choose,
  fill,
  embed,
  'next-sentence': nextSentence,
} as const satisfies Record<string, TaskDefinition>;

/** The name of a task of the table. */
export type TaskName = keyof typeof TASKS;

/** What a session takes as its task: a name of the table, or a task of your own. */
export type AnyTask = TaskName | TaskSpec<never, unknown, never>;

type SpecOf<T extends AnyTask> = T extends TaskName ? (typeof TASKS)[T] : T;
type Begun<T extends AnyTask> = SpecOf<T> extends { begin(...given: never): infer Bound } ? Bound : never;

/** What a task takes. */
export type TaskInput<T extends AnyTask> = Begun<T> extends Task<infer Input, unknown> ? Input : never;
/** What a task gives. */
export type TaskOutput<T extends AnyTask> = Begun<T> extends Task<never, infer Output> ? Output : never;
/** The options of a task, any of which may be left out. */
export type TaskOptions<T extends AnyTask> =
  SpecOf<T> extends { readonly options: infer Specs extends OptionSpecs }
    ? Partial<OptionValues<Specs>>
    : object;
