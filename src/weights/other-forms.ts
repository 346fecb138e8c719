import { readdir } from 'node:fs/promises';

/** Files that show another form of a model, and what to do with it. */
const OTHER_FORMS: readonly (readonly [pattern: RegExp, is: string, next: string])[] = [
  [
    /^0_(?:Transformer|BERT)$/,
    'the model of an old sentence-transformers directory',
    'give that folder as the model, and --pooling as the folder 1_Pooling says',
  ],
  [
    /^adapter_config\.json$/,
    'an adapter (PEFT) and not the model that it changes',
    'merge the two in Python with merge_and_unload() and save_pretrained(directory)',
  ],
  [
    /\.ckpt(?:-\d+)?\.(?:index|meta)$|^checkpoint$/,
    'a TensorFlow checkpoint',
    'convert it with "transformers-cli convert --model_type bert" or BertModel.from_pretrained(…, from_tf=True), ' +
      'and save_pretrained(directory)',
  ],
  [
    /^tf_model.*\.h5$|^saved_model\.pb$/,
    'a TensorFlow model',
    'convert it in Python with from_pretrained(…, from_tf=True) and save_pretrained(directory)',
  ],
  [
    /^flax_model.*\.msgpack$/,
    'a Flax model',
    'convert it in Python with from_pretrained(…, from_flax=True) and save_pretrained(directory)',
  ],
  [/\.onnx$/, 'an ONNX model', 'fetch or save the weights that it was made from, as model.safetensors'],
  [
    /^bert_config\.json$/,
    'the configuration of Google’s BERT',
    'beside pytorch_model.bin, rename it to config.json; beside a TensorFlow checkpoint, convert that',
  ],
];

/** What stands among a place's files in another form, and the next step: one sentence each, or nothing. */
export function otherFormsAmong(names: readonly string[], place: string): string {
  return OTHER_FORMS.flatMap(([pattern, is, next]) => {
    const found = names.find((name) => pattern.test(name));
    return found === undefined ? [] : [` ${place}/${found} is ${is}: ${next}.`];
  }).join('');
}

/** The same of a directory that lacks something of a model; nothing where it cannot be read. */
export async function otherForms(directory: string): Promise<string> {
  const names = await readdir(directory).catch(() => []);
  return otherFormsAmong(names.sort(), directory);
}
