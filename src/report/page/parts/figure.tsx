import type { ComponentChildren, VNode } from 'preact';
import { useState } from 'preact/hooks';
import { DataTable, type DataTableProps } from './data-table.js';

/** A part of a page with its heading; the figures of a chart stand as a table below it. */
export function Figure(props: {
  readonly title: string;
  readonly note?: string | undefined;
  /** What a picture shows, for those who can't see it. */
  readonly table?: Pick<DataTableProps, 'columns' | 'rows'>;
  /** The table is made when it is opened: for pictures that change all the time, and are not printed. */
  readonly isLive?: boolean;
  readonly children: ComponentChildren;
}): VNode {
  const { title, note, table, isLive = false, children } = props;
  const [isOpen, setOpen] = useState(false);
  return (
    <section class="figure">
      <h2>{title}</h2>
      {note && <p class="note">{note}</p>}
      {table ? <div aria-hidden="true">{children}</div> : children}
      {table && (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>The same as a table</summary>
          {(isOpen || !isLive) && <DataTable caption={title} {...table} />}
        </details>
      )}
    </section>
  );
}
