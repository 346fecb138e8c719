import { familyOf, programOf } from '../models/families/families.js';
import { MODEL_HEADS, type ModelConfig, type ModelHead, type Slice } from '../models/model-config.js';
import { ProgramBuilder } from '../models/program-builder.js';
import { programTensors } from '../models/program.js';
import type { EmbedStep, Step } from '../models/steps.js';
import { elementsOf, type TensorSpec } from '../../ipu-config/base/tensor-spec.js';

/** What sits on the encoder or decoder: the heads of models, one in a spelling of its own, and two that none runs. */
export type Head = 'none' | Exclude<ModelHead, 'pre-training'> | 'pretraining' | 'causal-lm';
export const HEADS: readonly Head[] = [
  'none',
  ...MODEL_HEADS.map((head) => (head === 'pre-training' ? 'pretraining' : head)),
  'causal-lm',
];

/** The head of a model that is meant; undefined for those that no model has here. */
export function modelHead(head: Head): ModelHead | undefined {
  if (head === 'pretraining') return 'pre-training';
  return head === 'none' || head === 'causal-lm' ? undefined : head;
}

/** A stack of transformer layers by its sizes: all that costs and memory depend on. */
export interface ModelShape {
  readonly name: string;
  /** `model_type` of a family that is run; BERT's when absent, whose layers stand for those of other models. */
  readonly modelType?: string;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly attentionHeads: number;
  readonly intermediateSize: number;
  readonly vocabSize: number;
  readonly maxPositions: number;
  /** Where ids count the positions: the padding's, behind which they begin. */
  readonly padTokenId?: number;
  /** Rows of the table of token types; 2 when absent. */
  readonly tokenTypes?: number;
  readonly head: Head;
  /** Tokens of a row that a masked-LM head projects to the vocabulary; absent: 15 % of the row. */
  readonly maskedTokensPerRow?: number;
  readonly labels?: number;
}

/** The parts of a model that stages hold; all layers are alike, and their halves are placed separately. */
export type ModelPart = 'embedding' | 'attention' | 'feedForward' | 'head';

export interface ModelParts {
  readonly steps: Readonly<Record<ModelPart, readonly Step[]>>;
  /** How many weights each has. */
  readonly parameters: Readonly<Record<ModelPart, number>>;
  /** The word table: a projection to the vocabulary is tied to it. */
  readonly table: TensorSpec;
  /** Of the head's weights, those that are the word table's: 0 where it does not project to the vocabulary. */
  readonly tiedParameters: number;
}

/** By the sizes that they depend on: a fit makes the same shapes again and again. */
const KNOWN = new Map<string, ModelParts>();

/** The program of a shape. Pre-norm layers, as decoders have them, do the same work in another order. */
export function partsOf(model: ModelShape): ModelParts {
  const { modelType, hiddenSize, attentionHeads, intermediateSize, vocabSize, maxPositions } = model;
  const { tokenTypes, head, labels } = model;
  const sizes = [hiddenSize, attentionHeads, intermediateSize, vocabSize, maxPositions, tokenTypes, labels];
  const key = [modelType, head, ...sizes].join();
  const known = KNOWN.get(key) ?? makeParts(model);
  KNOWN.set(key, known);
  return known;
}

/** The family of a shape, in the form in which families are asked. */
export function familyShape({
  modelType = 'bert',
  layers,
}: ModelShape): Pick<ModelConfig, 'modelType' | 'numHiddenLayers'> {
  return { modelType, numHiddenLayers: layers };
}

/** The heads that a shape can have. */
export function headsFor(model: ModelShape): readonly Head[] {
  const { heads } = familyOf(familyShape(model));
  return HEADS.filter((head) => heads[modelHead(head) ?? 'question-answering']);
}

function makeParts(model: ModelShape): ModelParts {
  const { hiddenSize, head, labels = 2 } = model;
  const config: ModelConfig = {
    ...familyShape(model),
    ...{ hiddenSize, vocabSize: model.vocabSize, numLabels: labels, typeVocabSize: model.tokenTypes ?? 2 },
    ...{ numAttentionHeads: model.attentionHeads, intermediateSize: model.intermediateSize },
    ...{ maxPositionEmbeddings: model.maxPositions, layerNormEps: 0, hiddenAct: 'gelu', id2label: {} },
  };
  const program = (slice: Partial<Slice>): readonly Step[] =>
    programOf(
      config,
      { embedding: false, firstLayer: 0, endLayer: 0, head: null, ...slice },
      { picked: true },
    ).steps;
  const embedding = program({ embedding: true });
  const { table } = (embedding[0] as EmbedStep).tables[0]!;
  const layer = program({ endLayer: 1 });
  const half = layer.findIndex(({ op }) => op === 'addNorm') + 1;
  const steps = {
    ...{ embedding, attention: layer.slice(0, half), feedForward: layer.slice(half) },
    head: head === 'causal-lm' ? causalHead(hiddenSize, table) : program({ head: modelHead(head) ?? null }),
  };
  const count = (of: readonly Step[]): number =>
    programTensors({ steps: of }).reduce((sum, { shape }) => sum + elementsOf(shape), 0);
  const parameters = {
    embedding: count(steps.embedding),
    attention: count(steps.attention),
    feedForward: count(steps.feedForward),
    head: count(steps.head),
  };
  const isTied = steps.head.some((step) => isProjection(step, table));
  return { steps, parameters, table, tiedParameters: isTied ? elementsOf(table.shape) : 0 };
}

/** Decoders project every token, and have no bias there. */
function causalHead(hiddenSize: number, weight: TensorSpec): readonly Step[] {
  const builder = new ProgramBuilder();
  builder.linear(
    'vocabulary',
    { name: 'hidden_state', shape: ['batch', 'sequence', hiddenSize] },
    { weight },
  );
  return builder.steps;
}

/** Whether a step projects to the vocabulary. */
export function isProjection(step: Step, table: TensorSpec): boolean {
  return step.op === 'linear' && step.weight.name === table.name;
}

/** Share of tokens that BERT's pre-training masks (Devlin et al. 2018, section 3.1). */
const MASKED_SHARE = 0.15;

/** Tokens of a row that the head projects to the vocabulary. */
export function projectedTokens(model: ModelShape, sequenceLength: number): number {
  if (model.head === 'causal-lm') return sequenceLength;
  const perRow = model.maskedTokensPerRow ?? Math.ceil(MASKED_SHARE * sequenceLength);
  return Math.min(perRow, sequenceLength);
}
