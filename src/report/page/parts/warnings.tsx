import type { VNode } from 'preact';

export function Warnings({ warnings }: { readonly warnings: readonly string[] }): VNode | null {
  if (warnings.length === 0) return null;
  return (
    <ul class="warnings" aria-label="Warnings">
      {warnings.map((warning) => (
        <li key={warning}>{warning}</li>
      ))}
    </ul>
  );
}
