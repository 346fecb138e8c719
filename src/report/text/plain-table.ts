import Table from 'cli-table3';
import pc from 'picocolors';

/** A table without colours of its own. */
export function plainTable(head: readonly string[]): Table.Table {
  // The library colours by itself, terminal or not; picocolors knows when to.
  return new Table({
    head: head.map((name) => pc.bold(name)),
    style: { head: [], border: [], compact: true },
  });
}
