import type { VNode } from 'preact';
import type { ReportTable } from '../../data/report-data.js';

export interface DataTableProps extends Pick<ReportTable, 'columns' | 'rows'> {
  readonly caption: string;
  /** Rows become blocks on a phone: for cells with sentences in them. */
  readonly isWordy?: boolean;
}

/** Scrolls by itself where it is wider than the page. */
export function DataTable({ caption, columns, rows, isWordy = false }: DataTableProps): VNode {
  return (
    <div class={isWordy ? 'table wordy' : 'table'} tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={index} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, at) =>
                at === 0 ? (
                  <th key={at} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={at} class={isFigure(cell) ? 'figures' : undefined}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Begins with a digit, so it lines up on the right with others of its column. */
function isFigure(cell: string | number): boolean {
  return typeof cell === 'number' || /^[-–]?(\d|$)/.test(cell);
}
