import type { Warning } from '../../../../ipu-config/base/warning.js';
import type { VNode } from 'preact';

export function Warnings({ warnings }: { readonly warnings: readonly Warning[] }): VNode | null {
  if (warnings.length === 0) return null;
  return (
    <ul class="warnings" aria-label="Warnings">
      {warnings.map(({ text }) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}
