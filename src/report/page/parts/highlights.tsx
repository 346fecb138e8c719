import type { VNode } from 'preact';
import type { Highlight } from '../../data/report-data.js';

export function Highlights({ highlights }: { readonly highlights: readonly Highlight[] }): VNode {
  return (
    <dl class="highlights">
      {highlights.map(({ label, value, note }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <b>{value}</b>
            {note && <small>{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
