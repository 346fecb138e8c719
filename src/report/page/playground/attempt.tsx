import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { IpuPipelineError } from '../../../../ipu-config/base/errors.js';

/** @returns what is made, or the sentence that says why it cannot be had */
export function attempted<T extends object>(make: () => T): T | string {
  try {
    return make();
  } catch (error) {
    if (error instanceof IpuPipelineError) return error.message;
    throw error;
  }
}

/** Hands on what can be made; `refusal` says why the last could not. */
export function useAttempt<T extends object>(
  onMade: (made: T) => void,
): {
  readonly attempt: (make: () => T) => void;
  readonly refuse: (problem: string) => void;
  readonly refusal: VNode | undefined;
} {
  const [problem, setProblem] = useState<string>();
  const attempt = (make: () => T): void => {
    const made = attempted(make);
    setProblem(typeof made === 'string' ? made : undefined);
    if (typeof made !== 'string') onMade(made);
  };
  const refusal = problem ? (
    <p class="failure" role="alert">
      {problem}
    </p>
  ) : undefined;
  return { attempt, refuse: setProblem, refusal };
}
