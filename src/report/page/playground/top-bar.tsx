import type { VNode } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { linkOf } from '../../playground/setup-link.js';
import { ThemeToggle } from '../parts/page-frame.js';
import type { PlaygroundState } from './use-playground.js';

export interface TopBarProps {
  readonly state: PlaygroundState;
  readonly areSettingsOpen: boolean;
  readonly onSettings: () => void;
}

/** What is shown, and what can be done with all of it. */
export function TopBar({ state, areSettingsOpen, onSettings }: TopBarProps): VNode {
  const { setup, history, undo, redo, compare, isComparing } = state;
  return (
    <div class="top-bar">
      <button
        type="button"
        class="settings-toggle"
        aria-expanded={areSettingsOpen}
        aria-controls="settings"
        onClick={onSettings}
      >
        Settings
      </button>
      <h1>
        {setup.model.name} on {setup.system}
      </h1>
      <div class="buttons" role="group" aria-label="History">
        <button
          type="button"
          disabled={history.past.length === 0}
          onClick={undo}
          title="Undo (Ctrl-Z)"
          aria-label="Undo"
        >
          ↶ <span class="word">Undo</span>
        </button>
        <button
          type="button"
          disabled={history.future.length === 0}
          onClick={redo}
          title="Redo (Ctrl-Shift-Z)"
          aria-label="Redo"
        >
          ↷ <span class="word">Redo</span>
        </button>
      </div>
      <button type="button" aria-pressed={isComparing} onClick={() => compare(!isComparing)}>
        Compare
      </button>
      <LinkButton state={state} />
      <ThemeToggle />
    </div>
  );
}

/** The address has the setup already; where the clipboard is refused, the link is shown to be copied by hand. */
function LinkButton({ state }: { readonly state: PlaygroundState }): VNode {
  const [shown, setShown] = useState<string>();
  const field = useRef<HTMLInputElement>(null);
  const copy = (): void => {
    const link = `${location.href.replace(/#.*/s, '')}#${linkOf(state.setup)}`;
    const byHand = (): void => {
      setShown(link);
      setTimeout(() => field.current?.select());
    };
    // No clipboard where the page comes from another machine without TLS.
    const { clipboard } = navigator as { clipboard?: Clipboard };
    if (!clipboard) return byHand();
    clipboard.writeText(link).then(() => state.say({ text: 'The link to this setup is copied.' }), byHand);
  };
  return (
    <>
      <button type="button" onClick={copy} title="A link is a setup: whoever opens it sees this">
        <span class="word">Copy </span>link
      </button>
      {shown !== undefined && (
        <input
          ref={field}
          class="link-field"
          type="text"
          readOnly
          aria-label="The link to this setup"
          value={shown}
          onBlur={() => setShown(undefined)}
        />
      )}
    </>
  );
}
