import { ConfigError } from './base/errors.js';

/** IPUs that one process can hold. */
export const MAX_IPUS = 64;

/**
 * How many IPUs PopTorch reserves for a model: the next power of two.
 * Source: poptorch c2a8b17, popart_compiler/source/CompilerImpl.cpp and Utils.cpp.
 * @throws ConfigError above 64 IPUs, and when rounding is needed but not allowed
 */
export function reservedIpus(ipusPerReplica: number, replicas: number, autoRound: boolean): number {
  const wanted = ipusPerReplica * replicas;
  if (wanted > MAX_IPUS) {
    throw new ConfigError(
      'Error',
      `Too many IPUs requested (${wanted}). Experiments that need more than ${MAX_IPUS} IPUs require distributed execution.`,
    );
  }
  let reserved = 1;
  while (reserved < wanted) reserved *= 2;
  if (reserved === wanted || autoRound) return reserved;
  throw new ConfigError(
    'Error',
    `The model specifies the use of ${wanted} IPUs, however PopTorch must reserve a minimum of ${reserved}` +
      ' in order to allow the model to run, because PopTorch must reserve a power of 2 or maximum of 64 IPUs' +
      ' per process. Please reconfigure your model to use a different number of IPUs or set' +
      ' poptorch.Options().autoRoundNumIPUs(True).',
  );
}

/**
 * Replicas that fit on `ipus` IPUs; 0 when not even one does.
 * Source: optimum-graphcore b8cd6e09, optimum/graphcore/trainer.py (`n_ipu // ipus_per_replica`).
 */
export function replicationOf(ipus: number, ipusPerReplica: number): number {
  return Math.floor(ipus / ipusPerReplica);
}
