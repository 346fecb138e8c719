import type { ComponentChildren, VNode } from 'preact';
import { DataTable } from './data-table.js';

export interface FigureProps {
  readonly title: string;
  readonly note?: string | undefined;
  /** What the picture shows, for those who can't see it. */
  readonly table?: {
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | number)[])[];
  };
  readonly children: ComponentChildren;
}

/** A chart with its heading, and its figures as a table below it. */
export function Figure({ title, note, table, children }: FigureProps): VNode {
  return (
    <section class="figure">
      <h2>{title}</h2>
      {note && <p class="note">{note}</p>}
      <div aria-hidden={table === undefined ? undefined : 'true'}>{children}</div>
      {table && (
        <details>
          <summary>The same as a table</summary>
          <DataTable caption={title} {...table} />
        </details>
      )}
    </section>
  );
}
