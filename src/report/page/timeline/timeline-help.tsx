import type { VNode } from 'preact';
import { KEYS } from './timeline-controls.js';

const KEY_NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
  '-': '−',
};

/** How to move in a timeline. Once on a page is enough. */
export function TimelineHelp(): VNode {
  return (
    <p class="note timeline-help">
      Drag to pan; Ctrl and wheel, a double click or two fingers to zoom. Keys:{' '}
      {KEYS.map(({ keys, does }, index) => (
        <span key={does}>
          {index > 0 && ', '}
          <kbd>{KEY_NAMES[keys[0]!] ?? keys[0]}</kbd>&nbsp;{does}
        </span>
      ))}
      .
    </p>
  );
}
