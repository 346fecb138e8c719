/** One chip, in the units that the field names say. `docs/hardware.md` has how each constant was got. */
export interface ChipSpec {
  readonly name: string;
  readonly tiles: number;
  readonly clockHz: number;
  readonly sramBytesPerTile: number;
  readonly macsPerCycleFloat16: number;
  /** Float16 inputs, float32 partial sums. */
  readonly macsPerCycleFloat16Float32Partials: number;
  readonly macsPerCycleFloat32: number;
  /** What a tile receives over the exchange. */
  readonly exchangeBytesPerCycle: number;
  /** What a tile reads from or writes to its own memory, for work that is no matmul. */
  readonly loadBytesPerCycle: number;
  readonly internalSyncCycles: number;
  readonly externalSyncCycles: number;
  /** Start of one compute set: vertices are launched on the workers of a tile. */
  readonly launchCycles: number;
  /** Weights of one 64 × 16 block go into the AMP unit before rows stream through it. */
  readonly ampBlockCycles: number;
  /** Share of the planned matmul rate that is reached. */
  readonly ampEfficiency: number;
  /** Share of the load bandwidth that elementwise work reaches. */
  readonly vectorEfficiency: number;
  /** One IPU-Link, one way. */
  readonly linkBytesPerSecond: number;
  readonly linkEfficiency: number;
  /** IPU-Links between neighbouring IPUs. */
  readonly linksToNeighbour: number;
  /** Streaming memory's share of one IPU. */
  readonly streamingBytesPerSecond: number;
  readonly streamingEfficiency: number;
  readonly hostBytesPerSecond: number;
  readonly hostLatencySeconds: number;
  /** What the host and the device need to begin and end a call, however short. */
  readonly hostCallSeconds: number;
  /** What the host needs besides, from the end of a call of training to the next. */
  readonly trainingCallSeconds: number;
  /** A weight update beyond its collectives and its arithmetic. */
  readonly weightUpdateSeconds: number;
  /** Code, exchange sequences and vertex state that are always there. */
  readonly codeBytesPerTile: number;
}

export interface SystemSpec {
  readonly name: string;
  readonly chip: string;
  readonly ipus: number;
  readonly ipusPerMachine: number;
  /** IPUs that IPU-Links connect; beyond them gateways carry the traffic. */
  readonly ipusPerLinkDomain: number;
  /** All gateway links of one machine, one way. */
  readonly gatewayBytesPerSecondPerMachine: number;
  readonly gatewayEfficiency: number;
}

export interface Hardware {
  readonly chip: ChipSpec;
  readonly system: SystemSpec;
}
