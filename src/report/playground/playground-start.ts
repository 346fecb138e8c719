import type { Head, ModelShape } from '../../hardware/model-shape.js';

/** What the page opens with; the program that serves it writes this into the page as JSON. */
export interface PlaygroundStart {
  /** An `ipu_config.json`, and how the page calls it. */
  readonly config: { readonly name: string; readonly text: string };
  /** One of the published models, or the sizes of another. */
  readonly model: string | ModelShape;
  /** Absent: the model's own. */
  readonly head?: Head;
  readonly system: string;
  readonly mode: 'training' | 'inference';
  readonly sequenceLength: number;
  readonly microBatch: number;
}
