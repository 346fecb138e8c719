import { InternalError } from '../../ipu-config/base/errors.js';

/**
 * What a stage can do, in torch.distributed.pipelining's letters: F forward, B whole backward, I backward of the
 * input, W backward of the weights; transfers between neighbouring stages; and, for the whole stage rather than for a
 * micro-batch, what is done to its weights. UPDATE, the optimizer's step, is not torch's, which leaves it to the
 * training loop: here it is the last thing that a stage does in a call. A new op is a word here, a row below, a rule in `readiness.ts` and, to be run, a handler in the
 * runtime: until all are there, it does not compile.
 */
export const OPS = [
  'F',
  'B',
  'I',
  'W',
  'SEND_F',
  'RECV_F',
  'SEND_B',
  'RECV_B',
  'UNSHARD',
  'RESHARD',
  'REDUCE_GRAD',
  'UPDATE',
] as const;
export type Op = (typeof OPS)[number];

/**
 * How the backward is written. `torch`: B whole, I and W its halves. `older` (torch 2.5 and before): B is the
 * input half and BW the whole.
 */
export type Dialect = 'torch' | 'older';

/** What goes from stage to stage: an activation from stage j to j + 1, the gradient of it from stage j + 1 to j. */
export type Moves = 'activation' | 'gradient';

/** What an op is. */
interface OpRow {
  /** Its letters in the older dialect, where they are others than its name. */
  readonly older?: string;
  /** For a reader who does not know the letters. */
  readonly words: string;
  /** `local` changes what the stage has of its weights, without any other stage or replica. */
  readonly kind: 'compute' | 'send' | 'receive' | 'collective' | 'local';
  readonly of: 'micro-batch' | 'stage';
  /**
   * What it passes on. A computing op reads it from the link on the one side and fills the link on the other, unless
   * the schedule writes its transfers out: then SEND fills that link. Absent: it reads and fills no link.
   */
  readonly moves?: Moves;
  /** The other end of a transfer. */
  readonly counterpart?: Op;
  /** Which part of a backward pass it is. */
  readonly backward?: 'whole' | 'input' | 'weights';
  /** Of what a forward leaves behind at the stage for the backward: takes it up, or lets it go. */
  readonly stash?: 'keeps' | 'frees';
  /** `uses` needs them gathered where they are sharded; `reduces` and `updates` come after every backward. */
  readonly weights?: 'uses' | 'gathers' | 'drops' | 'reduces' | 'updates';
}

const ROWS: Readonly<Record<Op, OpRow>> = {
  F: { words: 'forward', ...compute('activation'), stash: 'keeps' },
  B: { words: 'backward', ...compute('gradient'), backward: 'whole', stash: 'frees', older: 'BW' },
  I: { words: 'backward of the input', ...compute('gradient'), backward: 'input', older: 'B' },
  W: { words: 'backward of the weights', ...compute(), backward: 'weights', stash: 'frees' },
  SEND_F: { words: 'sends an activation', ...transfer('send', 'activation'), counterpart: 'RECV_F' },
  RECV_F: { words: 'receives an activation', ...transfer('receive', 'activation'), counterpart: 'SEND_F' },
  SEND_B: { words: 'sends a gradient', ...transfer('send', 'gradient'), counterpart: 'RECV_B' },
  RECV_B: { words: 'receives a gradient', ...transfer('receive', 'gradient'), counterpart: 'SEND_B' },
  UNSHARD: { words: 'gathers sharded weights', kind: 'collective', of: 'stage', weights: 'gathers' },
  RESHARD: { words: 'drops gathered weights', kind: 'local', of: 'stage', weights: 'drops' },
  REDUCE_GRAD: { words: 'sums gradients over replicas', kind: 'collective', of: 'stage', weights: 'reduces' },
  UPDATE: { words: 'the optimizer changes the weights', kind: 'local', of: 'stage', weights: 'updates' },
};

function compute(moves?: Moves) {
  const row = { kind: 'compute', of: 'micro-batch', weights: 'uses' } as const;
  return moves === undefined ? row : ({ ...row, moves } as const);
}

function transfer(kind: 'send' | 'receive', moves: Moves) {
  return { kind, of: 'micro-batch', moves } as const;
}

/** Of one form for all ops, so that looking at them is fast. */
type Filled<T> = { readonly [K in keyof T]-?: T[K] | undefined };

/** A row with what follows from it. */
export interface OpFacts
  extends
    Required<Pick<OpRow, 'words' | 'kind' | 'of'>>,
    Filled<Pick<OpRow, 'moves' | 'counterpart' | 'backward' | 'stash' | 'weights'>> {
  /** How it is written. */
  readonly text: Readonly<Record<Dialect, string>>;
  /** Place in `OPS`. */
  readonly index: number;
  /** Its bit in a set of ops (`opSets`). */
  readonly bit: number;
  /** From its stage to the one that it hands on to or, of a receive, takes from; 0 without one. */
  readonly neighbour: 1 | -1 | 0;
}

/** The rows in the order of `OPS`: to look one up by its number is much faster than by its name. */
export const OP_LIST: readonly OpFacts[] = OPS.map((op, index) => factsOf(op, index));

/** All ops: everything that validator, simulators, runtime and reports ask of an op is answered from here. */
export const OP_TABLE = Object.fromEntries(OPS.map((op, at) => [op, OP_LIST[at]])) as Readonly<
  Record<Op, OpFacts>
>;

function factsOf(op: Op, index: number): OpFacts {
  const { words, kind, of, moves, counterpart, backward, stash, weights, older = op } = ROWS[op];
  const on = moves === 'activation' ? 1 : -1;
  const neighbour = moves === undefined ? 0 : kind === 'receive' ? (-on as 1 | -1) : on;
  const own = { text: { torch: op, older }, index, bit: 1 << index, neighbour } as const;
  return { words, kind, of, moves, counterpart, backward, stash, weights, ...own };
}

/** So many sets of ops: an array wide enough for a bit of each op. */
export function opSets(length: number): Uint16Array | Uint32Array {
  if (OPS.length > 31) throw new InternalError(`${OPS.length} ops are more than a set has bits`);
  return OPS.length <= 16 ? new Uint16Array(length) : new Uint32Array(length);
}

function theOp(is: (row: OpFacts) => boolean): Op {
  const [found, other] = OPS.filter((op) => is(OP_TABLE[op]));
  if (found !== undefined && other === undefined) return found;
  throw new InternalError(`the op table has ${other ? 'several ops' : 'no op'} where one is needed`);
}

/** The op that makes an activation; `BACKWARD.whole` and `BACKWARD.input` make a gradient. */
export const FORWARD = theOp(({ kind, moves }) => kind === 'compute' && moves === 'activation');
export const BACKWARD = {
  whole: theOp(({ backward }) => backward === 'whole'),
  input: theOp(({ backward }) => backward === 'input'),
  weights: theOp(({ backward }) => backward === 'weights'),
} as const satisfies Record<NonNullable<OpRow['backward']>, Op>;
/** The op that sends what moves, and the one that receives it. */
export const TRANSFER = {
  activation: transferOf('activation'),
  gradient: transferOf('gradient'),
} as const satisfies Record<Moves, object>;

function transferOf(moves: Moves): { readonly send: Op; readonly receive: Op } {
  const of = (kind: OpRow['kind']): Op => theOp((row) => row.kind === kind && row.moves === moves);
  return { send: of('send'), receive: of('receive') };
}

export function isCompute(op: Op): boolean {
  return OP_TABLE[op].kind === 'compute';
}

export function isTransfer(op: Op): boolean {
  return OP_TABLE[op].counterpart !== undefined;
}

/** The op is of a stage, not of one of its micro-batches. */
export function isOfWholeStage(op: Op): boolean {
  return OP_TABLE[op].of === 'stage';
}

/** A backward pass is among the ops. */
export function isTraining(ops: Iterable<Op>): boolean {
  for (const op of ops) if (OP_TABLE[op].backward !== undefined) return true;
  return false;
}

/**
 * Link that an op of stage j hands on over or, of a receive, takes from: j or j + 1; undefined for ops without one.
 * Link j leads from stage j − 1 to stage j; links 0 and n from and to the host.
 */
export function linkOf(op: Op, stage: number): number | undefined {
  const { neighbour } = OP_TABLE[op];
  return neighbour === 0 ? undefined : neighbour === 1 ? stage + 1 : stage;
}

/** Link from which a computing op of stage j reads: the one on the other side; undefined for other ops. */
export function linkRead(op: Op, stage: number): number | undefined {
  const { neighbour, kind } = OP_TABLE[op];
  return neighbour === 0 || kind !== 'compute' ? undefined : neighbour === 1 ? stage : stage + 1;
}
