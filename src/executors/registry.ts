import { InputError } from '../../ipu-config/base/errors.js';
import { short } from '../../ipu-config/base/json-text.js';
import { reason } from '../../ipu-config/base/reason.js';
import type { Executor } from './stage-executor.js';

/** What the module of an executor exports. */
export interface ExecutorModule {
  /** @param name the one that it was registered under: a module may have several executors */
  createExecutor(name: string): Executor;
}

/** An executor that any thread can load. */
export interface ExecutorPlace {
  readonly name: string;
  /** The address (URL) of an `ExecutorModule`. */
  readonly module: string;
}

const modules = new Map<string, string>();

/**
 * Adds an executor. Its module is imported when a stage is first prepared, in the thread that computes it.
 * @throws InputError when there is one of that name already
 */
export function registerExecutor(name: string, module: string | URL): void {
  if (modules.has(name)) throw new InputError(`there is an executor "${name}" already: take another name.`);
  modules.set(name, String(module));
}

/** Executors by their full names: what a choice (`chooseExecutor`) comes down to. */
export function executorNames(): string[] {
  return [...modules.keys()];
}

/** @throws InputError that lists the executors there are. */
export function executorPlace(name: string): ExecutorPlace {
  const module = modules.get(name);
  if (module !== undefined) return { name, module };
  throw new InputError(`there is no executor "${short(name)}"; there are ${executorNames().join(', ')}.`);
}

/** @throws InputError that lists the executors there are. */
export function executorByName(name: string): Executor {
  return executorAt(executorPlace(name));
}

/** The executor of a module, which is imported when it prepares its first stage. */
export function executorAt({ name, module }: ExecutorPlace): Executor {
  return {
    name,
    prepare: async (...given) => (await load(name, module)).prepare(...given),
  };
}

async function load(name: string, module: string): Promise<Executor> {
  const loaded = await import(module).then(
    (exports: unknown) => exports as Partial<ExecutorModule>,
    (error: unknown) => {
      throw new InputError(`the executor "${name}" cannot be loaded: ${reason(error)}.`, { cause: error });
    },
  );
  if (typeof loaded.createExecutor === 'function') return loaded.createExecutor(name);
  throw new InputError(`the executor "${name}" cannot be loaded: ${module} exports no createExecutor.`);
}
