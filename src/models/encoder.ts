import { headOf, type Family } from './family.js';
import { longestSequence, type ModelConfig } from './model-config.js';
import { linearAt, normAt, ProgramBuilder, tableAt } from './program-builder.js';
import type { ProgramInput, ProgramOutput } from './program.js';
import type { Dimension, Lookup, Value } from './steps.js';

/** Modules of a layer: linear ones, and the norm after each half. */
export interface LayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  /** From the heads side by side back to the hidden state. */
  readonly context: string;
  readonly contextNorm: string;
  readonly wide: string;
  readonly narrow: string;
  readonly norm: string;
}

/** Where encoders of BERT's kind differ: tables under a norm, then layers of attention and of a feed-forward part. */
export interface EncoderNames {
  /** Tables that are added to the words', in this order. */
  readonly tables: (config: ModelConfig) => readonly Lookup[];
  readonly embeddingNorm: string;
  readonly layer: (layer: number) => LayerNames;
}

/** BERT's names of a layer, which RoBERTa has too. @param encoder `bert.encoder` */
export const bertLayer =
  (encoder: string): EncoderNames['layer'] =>
  (layer) => {
    const at = `${encoder}.layer.${layer}`;
    return {
      query: `${at}.attention.self.query`,
      key: `${at}.attention.self.key`,
      value: `${at}.attention.self.value`,
      context: `${at}.attention.output.dense`,
      contextNorm: `${at}.attention.output.LayerNorm`,
      wide: `${at}.intermediate.dense`,
      narrow: `${at}.output.dense`,
      norm: `${at}.output.LayerNorm`,
    };
  };

const TOKENS = ['batch', 'sequence'] as const;

/** A family whose program is that of its names: ids or the hidden state in, the hidden state or the head's outputs out. */
export function encoderFamily(family: Omit<Family, 'program'>, names: EncoderNames): Family {
  return {
    ...family,
    program: (config, slice, options = {}) => {
      const steps = new ProgramBuilder();
      const given: Value = { name: 'hidden_state', shape: [...TOKENS, config.hiddenSize] };
      const words = tableAt(family.wordTable, config.vocabSize, config.hiddenSize);
      const tables: readonly Lookup[] = slice.embedding
        ? [{ table: words, rows: { by: 'ids', input: 'input_ids' } }, ...names.tables(config)]
        : [];
      let hidden = slice.embedding ? embed(steps, config, tables, names.embeddingNorm) : given;
      for (let layer = slice.firstLayer; layer < slice.endLayer; layer++) {
        hidden = addLayer(steps, config, names.layer(layer), hidden);
      }
      const mask = tokens('attention_mask');
      const inputs = tables.flatMap(({ table, rows }) =>
        rows.by === 'ids' ? tokens(rows.input, table.shape[0]) : [],
      );
      const picked = { ...tokens('picked_positions', 'sequence'), shape: ['batch', 'picked'] };
      const float = { ...given, dtype: 'float32' } as const;
      const handedOn: ProgramOutput[] = [
        { ...float, of: hidden.name },
        { ...mask, of: mask.name },
        ...(options.picked ? [{ ...picked, of: picked.name }] : []),
      ];
      return {
        inputs: [mask, ...(slice.embedding ? inputs : [float]), ...(options.picked ? [picked] : [])],
        outputs: slice.head ? headOf(family, slice.head).add(steps, config, hidden, options) : handedOn,
        steps: steps.steps,
        longestSequence: longestSequence(config),
      };
    },
  };
}

/** An int32 input with a number for each token. */
function tokens(name: string, below?: Dimension): ProgramInput {
  return { name, dtype: 'int32', shape: TOKENS, ...(below === undefined ? {} : { below }) };
}

function embed(steps: ProgramBuilder, config: ModelConfig, tables: readonly Lookup[], norm: string): Value {
  const sum = steps.embed('embedding', tables);
  return steps.norm('embedding norm', sum, normAt(norm, config.hiddenSize, config.layerNormEps), true);
}

function addLayer(steps: ProgramBuilder, config: ModelConfig, at: LayerNames, hidden: Value): Value {
  const { hiddenSize, intermediateSize, numAttentionHeads, hiddenAct, layerNormEps } = config;
  const context = steps.attend('attention', hidden, numAttentionHeads, [at.query, at.key, at.value]);
  const attended = steps.addNorm('attention output', context, hidden, {
    linear: linearAt(at.context, hiddenSize, hiddenSize),
    norm: normAt(at.contextNorm, hiddenSize, layerNormEps),
  });
  const wide = linearAt(at.wide, intermediateSize, hiddenSize);
  return steps.addNorm('output', steps.linear('intermediate', attended, wide, hiddenAct), attended, {
    linear: linearAt(at.narrow, hiddenSize, intermediateSize),
    norm: normAt(at.norm, hiddenSize, layerNormEps),
    boundary: true,
  });
}
