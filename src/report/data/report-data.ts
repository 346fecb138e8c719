import * as v from 'valibot';
import { figureOrNull, savedWarning, type Frozen } from '../../../ipu-config/base/checked.js';
import { TIMELINE } from '../../observe/schemas.js';

export type Highlight = Frozen<v.InferOutput<typeof HIGHLIGHT>>;
const HIGHLIGHT = v.object({ label: v.string(), value: v.string(), note: v.exactOptional(v.string()) });

export type Fact = Frozen<v.InferOutput<typeof FACT>>;
const FACT = v.object({ label: v.string(), value: v.string() });

export type Throughput = Frozen<v.InferOutput<typeof THROUGHPUT>>;
const THROUGHPUT = v.object({
  name: v.string(),
  sequencesPerSecond: figureOrNull,
  kind: v.picklist(['measured', 'simulated']),
  /** Bars are compared with this one. The first where none is marked. */
  isBase: v.exactOptional(v.boolean()),
});

export type StackedBar = Frozen<v.InferOutput<typeof BAR>>;
const BAR = v.object({
  name: v.string(),
  detail: v.exactOptional(v.string()),
  parts: v.array(v.object({ name: v.string(), value: figureOrNull })),
  /** A line across the bar: what there is in all. */
  limit: v.exactOptional(figureOrNull),
  /** Beside the bar, instead of its sum or the share of it that is work. */
  words: v.exactOptional(v.string()),
});

/** One bar for each IPU, made of parts. */
export type StackedBars = Frozen<v.InferOutput<typeof BARS>>;
const BARS = v.object({
  title: v.string(),
  note: v.exactOptional(v.string()),
  unit: v.picklist(['ms', 'steps', 'bytes']),
  /** What the parts are: their colours are those of the timeline, or a list in order. */
  parts: v.picklist(['activities', 'series']),
  bars: v.array(BAR),
});

export type LatencyDistribution = Frozen<v.InferOutput<typeof LATENCY>>;
const LATENCY = v.object({
  name: v.string(),
  p50Ms: figureOrNull,
  p95Ms: figureOrNull,
  p99Ms: figureOrNull,
  /** `counts[b]` latencies from `edgesMs[b]` up to `edgesMs[b + 1]`. */
  histogram: v.exactOptional(v.object({ edgesMs: v.array(figureOrNull), counts: v.array(figureOrNull) })),
});

export type Configuration = Frozen<v.InferOutput<typeof CONFIGURATION>>;
const CONFIGURATION = v.object({
  name: v.string(),
  warnings: v.array(savedWarning),
  attributes: v.array(
    v.object({
      name: v.string(),
      /** As JSON. */
      value: v.string(),
      /** `given`, `default`, … */
      source: v.string(),
      note: v.exactOptional(v.string()),
    }),
  ),
});

export type ReportTable = Frozen<v.InferOutput<typeof TABLE>>;
const TABLE = v.object({
  title: v.string(),
  columns: v.array(v.string()),
  /** A number is aligned to the right. */
  rows: v.array(v.array(v.union([v.string(), v.number()]))),
  note: v.exactOptional(v.string()),
});

/**
 * Everything that the report's page shows. Sections without data are left out of the page. All texts are plain text:
 * the page escapes them.
 */
export type ReportData = Frozen<v.InferOutput<typeof REPORT_DATA>>;
export const REPORT_DATA = v.object({
  format: v.literal('ipu-pipeline-report'),
  version: v.literal(1),
  /** What ran: a model, a schedule. */
  title: v.string(),
  /** One line below it. */
  subtitle: v.exactOptional(v.string()),
  kind: v.picklist(['measured', 'simulated', 'measured and simulated']),
  /** ISO 8601. */
  date: v.exactOptional(v.string()),
  /** The command that made the page, to be typed again. */
  command: v.exactOptional(v.string()),
  /** What the page says, in one sentence: which run is better, and why. */
  verdict: v.exactOptional(v.string()),
  /** What the runs come to, side by side: stands before their pictures. */
  comparison: v.exactOptional(TABLE),
  /** The few figures that a reader looks for first. */
  highlights: v.exactOptional(v.array(HIGHLIGHT)),
  /** What else the figures mean, in whole sentences. */
  summary: v.exactOptional(v.array(v.string())),
  warnings: v.exactOptional(v.array(savedWarning)),
  timelines: v.exactOptional(v.array(TIMELINE)),
  throughput: v.exactOptional(v.array(THROUGHPUT)),
  time: v.exactOptional(v.array(BARS)),
  memory: v.exactOptional(v.array(BARS)),
  latency: v.exactOptional(v.array(LATENCY)),
  configuration: v.exactOptional(CONFIGURATION),
  settings: v.exactOptional(v.array(FACT)),
  tables: v.exactOptional(v.array(TABLE)),
});
