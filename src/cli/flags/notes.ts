import type { Note } from '../../runs/model.js';

/** Writes each note once, in one line on stderr. */
export function notesOnStderr(): Note {
  const known = new Set<string>();
  return (text) => {
    if (known.has(text)) return;
    known.add(text);
    process.stderr.write(`note: ${text}\n`);
  };
}
