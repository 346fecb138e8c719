/**
 * Base of every error this project throws on purpose.
 * `exitCode` is what the CLI exits with: 2 for the user's mistake, 1 for ours.
 */
export abstract class IpuPipelineError extends Error {
  abstract readonly exitCode: 1 | 2;
  /** Name printed as `{"error":{"type"}}` by `--json`. */
  get type(): string {
    return this.name;
  }
}

/** What upstream (optimum-graphcore, PopTorch, PopART) calls the error that it raises in the same place. */
export type UpstreamErrorType =
  | 'IncompatibleIPUConfigError'
  | 'ValueError'
  | 'TypeError'
  | 'KeyError'
  | 'RuntimeError'
  | 'AssertionError'
  | 'AttributeError'
  | 'JSONDecodeError'
  | 'NotImplementedError'
  | 'Error'
  | 'popart_exception'
  | 'internal_error';

/** A configuration that cannot mean anything: names the attribute, the value and what would be right. */
export class ConfigError extends IpuPipelineError {
  override readonly name = 'ConfigError';
  readonly exitCode = 2;
  readonly #type: UpstreamErrorType;

  constructor(type: UpstreamErrorType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.#type = type;
  }

  override get type(): UpstreamErrorType {
    return this.#type;
  }
}

/** Bad input that is neither a configuration, a checkpoint nor a schedule: an argument, a text, a file. */
export class InputError extends IpuPipelineError {
  override readonly name = 'InputError';
  readonly exitCode = 2;
}

/** A state that cannot be reached unless the program itself is wrong. */
export class InternalError extends IpuPipelineError {
  override readonly name = 'InternalError';
  readonly exitCode = 1;

  constructor(message: string, options?: ErrorOptions) {
    super(`${message} (this is a bug in ipu-pipeline)`, options);
  }
}
