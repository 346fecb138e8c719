/**
 * The spellings under which files store a parameter, most usual first. Canonical names are upstream's with the
 * `bert.` prefix; `BertModel` saves without it, old checkpoints call LayerNorm's parameters gamma and beta, and
 * a tied decoder may be stored in place of what it is tied to.
 */
export function spellings(name: string): string[] {
  const names = [name, ...(TIED[name] ?? [])];
  const unprefixed = names.flatMap((n) => (n.startsWith('bert.') ? [n.slice('bert.'.length)] : []));
  const modern = [...names, ...unprefixed];
  return [...modern, ...modern.flatMap(oldNorm)];
}

const TIED: Readonly<Record<string, readonly string[]>> = {
  'bert.embeddings.word_embeddings.weight': ['cls.predictions.decoder.weight'],
  'cls.predictions.bias': ['cls.predictions.decoder.bias'],
};

function oldNorm(name: string): string[] {
  if (name.endsWith('LayerNorm.weight')) return [name.replace(/weight$/, 'gamma')];
  if (name.endsWith('LayerNorm.bias')) return [name.replace(/bias$/, 'beta')];
  return [];
}
