import type { ComponentChildren, VNode } from 'preact';
import { useState } from 'preact/hooks';
import { DataTable } from './data-table.js';

export interface FigureProps {
  readonly title: string;
  readonly note?: string | undefined;
  /** What the picture shows, for those who can't see it. */
  readonly table?: {
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | number)[])[];
  };
  /** The table is made when it is opened: for pictures that change all the time, and are not printed. */
  readonly isLive?: boolean;
  readonly children: ComponentChildren;
}

/** A chart with its heading, and its figures as a table below it. */
export function Figure({ title, note, table, isLive = false, children }: FigureProps): VNode {
  const [isOpen, setOpen] = useState(false);
  return (
    <section class="figure">
      <h2>{title}</h2>
      {note && <p class="note">{note}</p>}
      <div aria-hidden={table === undefined ? undefined : 'true'}>{children}</div>
      {table && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>The same as a table</summary>
          {(isOpen || !isLive) && <DataTable caption={title} {...table} />}
        </details>
      )}
    </section>
  );
}
