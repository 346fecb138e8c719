import { IpuPipelineError } from './errors.js';

/** A checkpoint that cannot be used: names the file, the tensor or key, and what was expected. */
export class CheckpointError extends IpuPipelineError {
  override readonly name = 'CheckpointError';
  readonly exitCode = 2;
}
