import type { CommonPhase } from '../../pipeline/simulate/simulate-lockstep.js';
import { parametersPerIpu } from './ipu-parameters.js';
import { bytesOf, type IpuRun, type Optimizer } from './run-spec.js';

/** Numbers that an optimizer keeps for each weight. */
export const MOMENTS: Readonly<Record<Optimizer['name'], number>> = { lamb: 2, adam: 2, momentum: 1, sgd: 0 };

/** How often an update reads or writes each weight, gradient and moment: LAMB takes norms of weight and update too. */
const UPDATE_STREAMS: Readonly<Record<Optimizer['name'], number>> = {
  lamb: 16,
  adam: 10,
  momentum: 5,
  sgd: 3,
};

/**
 * What follows the cycles of one weight update, as long as the IPU with most weights needs.
 * @param parameters weights of that IPU
 */
export function updatePhases(run: IpuRun, parameters = Math.max(...parametersPerIpu(run))): CommonPhase[] {
  const { optimizer } = run;
  if (run.mode === 'inference' || !optimizer) return [];
  const { chip } = run.hardware;
  const shards = optimizer.replicatedTensorSharding ? run.replicas : 1;
  const stateBytes = (MOMENTS[optimizer.name] * parameters * bytesOf(optimizer.statePrecision)) / shards;
  const streaming = chip.streamingBytesPerSecond * chip.streamingEfficiency;
  const perTile =
    (parameters / shards / chip.tiles) * bytesOf(run.precision) * UPDATE_STREAMS[optimizer.name];
  const updateCycles = perTile / (chip.loadBytesPerCycle * chip.vectorEfficiency);
  return [
    phase('all-reduce', allReduceSeconds(run, parameters * bytesOf(run.precision))),
    phase('optimizer-state', optimizer.stateOffChip ? (2 * stateBytes) / streaming : 0),
    phase('weight-update', chip.weightUpdateSeconds + updateCycles / chip.clockHz),
  ];
}

/**
 * A ring over all replicas: each sends `2 (R − 1) / R` of the bytes, at the pace of the slowest hop. Rings of the
 * IPUs of one replica lie side by side; with replicas of more than one machine they share the links between machines.
 * Beyond the machines that IPU-Links connect, the hop is a gateway, shared by the IPUs of a machine.
 */
function allReduceSeconds(run: IpuRun, bytes: number): number {
  const { replicas, ipusPerReplica } = run;
  if (replicas === 1) return 0;
  const { chip, system } = run.hardware;
  const link = chip.linkBytesPerSecond * chip.linkEfficiency;
  const sharing = Math.max(1, ipusPerReplica / system.ipusPerMachine);
  const leavesDomain = replicas * ipusPerReplica > system.ipusPerLinkDomain;
  const gateway = (system.gatewayBytesPerSecondPerMachine * system.gatewayEfficiency) / system.ipusPerMachine;
  const hop = Math.min(link / sharing, leavesDomain ? gateway : Infinity);
  return (2 * bytes * (replicas - 1)) / replicas / hop;
}

function phase(name: CommonPhase['phase'], seconds: number): CommonPhase {
  return { phase: name, ns: Math.round(seconds * 1e9) };
}
