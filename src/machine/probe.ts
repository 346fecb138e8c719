import { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { ScheduleGenerator } from '../../pipeline/schedule/schedule.js';
import { sequential } from '../../pipeline/schedules/sequential.js';
import type { Span } from '../../pipeline/schedule/span.js';
import type { StageSpec } from '../../pipeline/runtime/rank/stage.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import { executorPlace } from '../executors/registry.js';
import { programOf } from '../models/families/families.js';
import type { Slice } from '../models/model-config.js';
import { tensorBytes } from '../models/program.js';
import type { PlannedStageInit } from '../runs/bert-stage.js';
import type { BertModel } from '../runs/model.js';
import type { Measurement } from './machine-profile.js';
import { sizesOf, type BatchShape } from './stage-work.js';

/** A part of the model that is measured by itself. */
export interface ProbedPart {
  readonly part: Measurement['part'];
  readonly slice: Slice;
}

/** Layers that follow each other in the longer of the two stages of layers: more weights than a core's caches hold. */
const MOST_LAYERS = 3;

/** Native code must be left before its thread ends. */
const CLOSE_TIMEOUT_MS = 60_000;

/**
 * The parts of a model: nothing (what an action takes beyond its work), the embedding, one layer, several layers, the
 * head.
 */
export function partsOfModel({ config, head }: BertModel): ProbedPart[] {
  const layers = (firstLayer: number, endLayer: number): ProbedPart => ({
    part: firstLayer === endLayer ? 'empty' : 'layers',
    slice: { embedding: false, firstLayer, endLayer, head: null },
  });
  const most = Math.min(config.numHiddenLayers, MOST_LAYERS + 1);
  const first = most > 2 ? 1 : 0;
  return [
    { part: 'embedding', slice: { embedding: true, firstLayer: 0, endLayer: 0, head: null } },
    layers(0, 0),
    layers(0, 1),
    ...(most > 1 ? [layers(first, most)] : []),
    ...(head === null
      ? []
      : [{ part: 'head' as const, slice: { embedding: false, firstLayer: most, endLayer: most, head } }]),
  ];
}

export interface ProbeOptions {
  readonly model: BertModel;
  readonly executor: string;
  readonly threads: number;
  /** The largest of all that will be run. */
  readonly largest: BatchShape;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (share: number) => void;
}

/**
 * One thread of the runtime that owns all parts of a model as stages of their own: what it measures is what an action
 * of the runtime takes, and the weights of each come after those of the others, as from memory.
 */
export class Probe {
  readonly parts: readonly ProbedPart[];
  readonly #pipeline: Pipeline;
  readonly #spans: Span[];

  constructor(parts: readonly ProbedPart[], pipeline: Pipeline, spans: Span[]) {
    this.parts = parts;
    this.#pipeline = pipeline;
    this.#spans = spans;
  }

  static start(options: ProbeOptions): Promise<Probe> {
    return Probe.#open(options, partsOfModel(options.model));
  }

  /** The embedding and nothing, on threads of their own, one at a time: the second has to be woken by the first. */
  static startWaking(options: ProbeOptions): Promise<Probe> {
    const [embedding, empty] = partsOfModel(options.model) as [ProbedPart, ProbedPart];
    return Probe.#open(options, [embedding, empty], sequential);
  }

  static async #open(
    options: ProbeOptions,
    parts: readonly ProbedPart[],
    schedule?: ScheduleGenerator,
  ): Promise<Probe> {
    const spans: Span[] = [];
    const loaded = parts.map(() => 0);
    const sizes = sizesOf(options.largest);
    const { inputs } = programOf(options.model.config, parts[0]!.slice);
    const pipeline = await Pipeline.start({
      stages: parts.map(({ part, slice }, at) =>
        partStage(part, slice, { ...options, ipu: schedule ? at : 0 }),
      ),
      schedule,
      inputBytes: tensorBytes(inputs, sizes),
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      signal: options.signal,
      onSpan: (span) => spans.push(span),
      onProgress: (stage, share) => {
        loaded[stage] = share;
        options.onProgress?.(loaded.reduce((a, b) => a + b, 0) / parts.length);
      },
    });
    return new Probe(parts, pipeline, spans);
  }

  /** Streams inputs through all parts. @returns the spans of the run, from 0 */
  async run(inputs: Iterable<readonly Tensor[]>): Promise<readonly Span[]> {
    this.#spans.length = 0;
    for await (const _ of this.#pipeline.run(inputs));
    return [...this.#spans];
  }

  close(): Promise<void> {
    return this.#pipeline.close();
  }
}

function partStage(part: string, slice: Slice, options: ProbeOptions & { ipu: number }): StageSpec {
  const { model, executor, threads, largest } = options;
  const program = programOf(model.config, slice);
  const { weights } = model;
  const init: PlannedStageInit = { program, weights, executor: executorPlace(executor), threads };
  return {
    name: part,
    ipu: options.ipu,
    module: new URL('../runs/bert-stage.js', import.meta.url).href,
    init,
    outputBytes: tensorBytes(program.outputs, sizesOf(largest)),
  };
}
