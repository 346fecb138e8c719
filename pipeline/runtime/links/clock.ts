/** Where times come from. Whoever reads a time from a link or a control reads it in his own clock. */
export interface Clock {
  nowNs(): number;
}

/** The same in all threads of a process. */
export const processClock: Clock = { nowNs: () => Number(process.hrtime.bigint()) };
