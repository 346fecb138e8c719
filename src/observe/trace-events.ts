import { InputError } from '../../ipu-config/base/errors.js';
import { printAction } from '../../pipeline/schedule/action-text.js';
import type { Span } from '../../pipeline/schedule/span.js';
import { ACTIVITY_TEXT, activityOf } from './activity.js';
import { FlowPairs, type Flow } from './flow-pairs.js';
import { HeldActivations } from './held-activations.js';
import { activityPaint } from './palette.js';
import { rankName, type RunDescription } from './run-description.js';

/** Process numbers are multiples of this, so that none is also a track's number: viewers treat such tracks apart. */
const PROCESS_STEP = 10_000;

/**
 * Spans as Chrome Trace Event JSON, piece by piece: a process for each replica of each run, a track for each rank,
 * an arrow from stage to stage, a counter of activations that each rank holds.
 * Spans of a rank come in order of time; ranks may come in bunches. State is bounded whatever the number of spans.
 *
 * The format is that of the "Trace Event Format" document; times are microseconds, with nanoseconds as decimals.
 */
export class TraceEvents {
  readonly #write: (text: string) => void;
  #run: RunDescription | undefined;
  #processes = new Map<number, number>();
  #tracks = new Set<number>();
  #held: HeldActivations | undefined;
  #flows = new FlowPairs(0);
  #lastProcess = 0;
  #flowId = 0;
  #separator = '\n';

  /** @param write gets the file's text in order */
  constructor(write: (text: string) => void, about: Readonly<Record<string, unknown>> = {}) {
    this.#write = write;
    write(`{"displayTimeUnit":"ms","otherData":${JSON.stringify(about)},"traceEvents":[`);
  }

  /** The spans that follow belong to this run. Its processes lie below those of earlier runs. */
  beginRun(run: RunDescription): void {
    this.#endRun();
    this.#run = run;
    this.#processes = new Map();
    this.#tracks = new Set();
    this.#flows = new FlowPairs(run.stages.length);
    this.#held = new HeldActivations(run, (replica, rank, atNs, count) => {
      const where = `"name":"activations in flight, IPU ${rank}",${this.#placeOf({ replica, rank })}`;
      this.#event(`"ph":"C",${where},"ts":${micros(atNs)},"args":{"held":${count}}`);
    });
  }

  add(span: Span): void {
    const activity = activityOf(span);
    const place = `"pid":${this.#process(span.replica)},"tid":${this.#track(span)}`;
    const time = `"ts":${micros(span.startNs)},"dur":${micros(span.endNs - span.startNs)}`;
    const name = span.kind === 'action' && span.op !== undefined ? cellOf(span) : activity;
    this.#event(
      `"ph":"X","name":"${name}","cat":"${span.kind}",${place},${time},` +
        `"cname":"${activityPaint(activity).cname}","args":${argsOf(span)}`,
    );
    for (const flow of this.#flows.add(span)) this.#arrow(flow);
    this.#held?.add(span);
  }

  /** Writes what is still open. Nothing may follow. */
  end(): void {
    this.#endRun();
    this.#write('\n]}\n');
  }

  #endRun(): void {
    this.#held?.end();
    this.#held = undefined;
  }

  /** Begins within the slice that sends and ends at the start of the one that receives. */
  #arrow({ from, to, direction }: Flow): void {
    const id = ++this.#flowId;
    const common = `"name":"${direction}","cat":"flow","id":${id}`;
    const leaves = Math.max(from.startNs, from.endNs - 1);
    this.#event(`"ph":"s",${common},${this.#placeOf(from)},"ts":${micros(leaves)}`);
    this.#event(`"ph":"f","bp":"e",${common},${this.#placeOf(to)},"ts":${micros(to.startNs)}`);
  }

  #placeOf(span: Pick<Span, 'replica' | 'rank'>): string {
    return `"pid":${this.#process(span.replica)},"tid":${this.#track(span)}`;
  }

  #process(replica: number): number {
    const known = this.#processes.get(replica);
    if (known !== undefined) return known;
    const run = this.#run;
    if (run === undefined) throw new InputError('a span came before a run: call beginRun first.');
    const pid = (this.#lastProcess += PROCESS_STEP);
    this.#processes.set(replica, pid);
    const name = `${run.name} (${run.kind}), replica ${replica}`;
    this.#metadata('process_name', `"pid":${pid}`, { name });
    this.#metadata('process_sort_index', `"pid":${pid}`, { sort_index: pid });
    return pid;
  }

  #track({ replica, rank }: Pick<Span, 'replica' | 'rank'>): number {
    const pid = this.#process(replica);
    const tid = rank + 1;
    if (!this.#tracks.has(pid + tid)) {
      this.#tracks.add(pid + tid);
      const place = `"pid":${pid},"tid":${tid}`;
      this.#metadata('thread_name', place, { name: rankName(this.#run!, rank) });
      this.#metadata('thread_sort_index', place, { sort_index: tid });
    }
    return tid;
  }

  #metadata(name: string, place: string, args: unknown): void {
    this.#event(`"ph":"M","name":"${name}",${place},"ts":0,"args":${JSON.stringify(args)}`);
  }

  #event(fields: string): void {
    this.#write(`${this.#separator}{${fields}}`);
    this.#separator = ',\n';
  }
}

function cellOf({ stage = 0, op = 'F', microBatch = 0 }: Span): string {
  return printAction({ stage, op, microBatch });
}

/** As JSON, put together by hand: there is one for each span. None of the parts has anything to escape. */
function argsOf(span: Span): string {
  const { stage, op, microBatch, cause, kind, uploads, readbacks } = span;
  let json = `{"what":"${ACTIVITY_TEXT[activityOf(span)]}"`;
  if (cause !== undefined) json += `,"cause":"${cause}"`;
  if (kind === 'stall' && op !== undefined) json += `,"waits to run":"${cellOf(span)}"`;
  if (stage !== undefined) json += `,"stage":${stage}`;
  if (microBatch !== undefined) json += `,"micro-batch":${microBatch}`;
  if (uploads !== undefined) json += `,"uploads":${uploads}`;
  if (readbacks !== undefined) json += `,"readbacks":${readbacks}`;
  return `${json}}`;
}

/** Whole nanoseconds as microseconds, exactly. */
function micros(ns: number): string {
  const whole = Math.floor(ns / 1000);
  const rest = Math.round(ns - whole * 1000);
  return rest === 0 ? `${whole}` : `${whole}.${String(rest).padStart(3, '0')}`;
}
