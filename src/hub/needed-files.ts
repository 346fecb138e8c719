/** Everything beside the weights that some part of this project reads. All but the first may be missing. */
export const SMALL_FILES = [
  'config.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'tokenizer_config.json',
  'tokenizer.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'ipu_config.json',
  // sentence-transformers: how a text becomes one vector
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
  '1_Pooling/config.json',
] as const;

/** Whether some file is read of a folder within a model. */
export function isNeededFolder(path: string): boolean {
  return SMALL_FILES.some((file) => file.startsWith(`${path}/`));
}

/** All files but the weights are read in one piece; the largest are tokenizers, of some 35 MB. */
export const MAX_SMALL_BYTES = 1 << 27;

/** Whether a file holds tensors; shards may have any name, but their formats' ending. */
export function isWeights(path: string): boolean {
  return !path.includes('/') && /\.(?:safetensors|bin)$/.test(path);
}

/** Whether a file of a listing can be of use at all. */
export function isNeeded(path: string): boolean {
  const isIndex = !path.includes('/') && path.endsWith('.index.json');
  return isWeights(path) || isIndex || (SMALL_FILES as readonly string[]).includes(path);
}
