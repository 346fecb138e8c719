import type { Warning } from '../../../ipu-config/base/warning.js';
import Table from 'cli-table3';
import pc from 'picocolors';

/** A line for each. */
export function warningLines(warnings: readonly Warning[]): string[] {
  return warnings.map(({ text }) => pc.yellow(`warning: ${text}`));
}

/** A table without colours of its own. */
export function plainTable(head: readonly string[]): Table.Table {
  // The library colours by itself, terminal or not; picocolors knows when to.
  return new Table({
    head: head.map((name) => pc.bold(name)),
    style: { head: [], border: [], compact: true },
  });
}
