import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ConfigBox } from './config-box.js';
import { clsx } from './controls.js';
import { PlanBox } from './plan-box.js';
import { SetupControls } from './setup-controls.js';
import { isNarrow, watchNarrow } from './use-room.js';
import type { PlaygroundState } from './use-playground.js';

/** At the side; where there is no room, a drawer. */
export function SettingsPanel(props: {
  readonly state: PlaygroundState;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}): VNode {
  const { state, isOpen, onClose } = props;
  const [isDrawer, setDrawer] = useState(isNarrow);
  useEffect(() => watchNarrow(() => setDrawer(isNarrow())), []);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isDrawer && isOpen) panel.current!.focus();
  }, [isDrawer, isOpen]);
  return (
    <>
      {isDrawer && isOpen && <div class="shade" onClick={onClose} />}
      <aside
        ref={panel}
        id="settings"
        class={clsx('settings', isDrawer && isOpen && 'open')}
        aria-label="Settings"
        tabIndex={-1}
        inert={isDrawer && !isOpen}
        onKeyDown={(event) => isDrawer && event.key === 'Escape' && onClose()}
      >
        {isDrawer && (
          <button type="button" class="close" onClick={onClose}>
            Close
          </button>
        )}
        <PlanBox state={state} />
        <ConfigBox state={state} />
        <SetupControls state={state} />
      </aside>
    </>
  );
}
