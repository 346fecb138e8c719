import type { TimelineData } from '../../observe/timeline-collector.js';

/**
 * Everything that the report's page shows. Sections without data are left out of the page. All texts are plain text:
 * the page escapes them.
 */
export interface ReportData {
  readonly format: 'ipu-pipeline-report';
  readonly version: 1;
  /** What ran: a model, a schedule. */
  readonly title: string;
  /** One line below it. */
  readonly subtitle?: string;
  readonly kind: 'measured' | 'simulated' | 'measured and simulated';
  /** ISO 8601. */
  readonly date?: string;
  /** The few figures that a reader looks for first. */
  readonly highlights?: readonly Highlight[];
  /** What the figures mean, in whole sentences. */
  readonly summary?: readonly string[];
  readonly warnings?: readonly string[];
  readonly timelines?: readonly TimelineData[];
  readonly throughput?: readonly Throughput[];
  readonly time?: readonly StackedBars[];
  readonly memory?: readonly StackedBars[];
  readonly latency?: readonly LatencyDistribution[];
  readonly configuration?: Configuration;
  readonly settings?: readonly Fact[];
  readonly tables?: readonly ReportTable[];
}

export interface Highlight {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface Throughput {
  readonly name: string;
  readonly sequencesPerSecond: number;
  readonly kind: 'measured' | 'simulated';
  /** Bars are compared with this one. The first where none is marked. */
  readonly isBase?: boolean;
}

/** One bar for each IPU, made of parts. */
export interface StackedBars {
  readonly title: string;
  readonly note?: string;
  readonly unit: 'ms' | 'steps' | 'bytes';
  /** What the parts are: their colours are those of the timeline, or a list in order. */
  readonly parts: 'activities' | 'series';
  readonly bars: readonly StackedBar[];
}

export interface StackedBar {
  readonly name: string;
  readonly detail?: string;
  readonly parts: readonly { readonly name: string; readonly value: number }[];
  /** A line across the bar: what there is in all. */
  readonly limit?: number;
  /** Beside the bar, instead of its sum or the share of it that is work. */
  readonly words?: string;
}

export interface LatencyDistribution {
  readonly name: string;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** `counts[b]` latencies from `edgesMs[b]` up to `edgesMs[b + 1]`. */
  readonly histogram?: { readonly edgesMs: readonly number[]; readonly counts: readonly number[] };
}

export interface Configuration {
  readonly name: string;
  readonly warnings: readonly string[];
  readonly attributes: readonly {
    readonly name: string;
    /** As JSON. */
    readonly value: string;
    /** `given`, `default`, … */
    readonly source: string;
    readonly note?: string;
  }[];
}

export interface ReportTable {
  readonly title: string;
  readonly columns: readonly string[];
  /** A number is aligned to the right. */
  readonly rows: readonly (readonly (string | number)[])[];
  readonly note?: string;
}
