import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { PRESET_NAMES, PRESETS, type PresetName } from '../../../../ipu-config/presets.js';
import { attempted } from '../../playground/outcome.js';
import { configText, withConfigText } from '../../playground/setup.js';
import { Select } from './controls.js';
import type { PlaygroundState } from './use-playground.js';

const OWN = 'own';
const FILE = 'ipu_config.json';

/** Loads, shows, edits and downloads the configuration; a model's `config.json` is opened by the same button. */
export function ConfigBox({ state }: { readonly state: PlaygroundState }): VNode {
  const { setup, attempt, open } = state;
  const text = configText(setup.config);
  const preset = PRESET_NAMES.find((name) => name === setup.name);
  return (
    <div class="config-box">
      <Select
        label="Configuration"
        value={preset ?? OWN}
        choices={[
          ...(preset ? [] : [{ value: OWN, text: setup.name }]),
          { group: 'published', choices: PRESET_NAMES },
        ]}
        onChange={(name) => {
          if (name === OWN) return;
          attempt(() => ({ ...setup, ...withConfigText(JSON.stringify(PRESETS[name as PresetName]), name) }));
        }}
      />
      <div class="config-tools">
        <FileButton onFiles={open} />
        <button type="button" onClick={() => download(text)} title="The configuration as ipu_config.json">
          Download
        </button>
      </div>
      <ConfigText text={text} state={state} />
    </div>
  );
}

function FileButton({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }): VNode {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        title="An ipu_config.json, or a model's config.json; or drop it anywhere on the page"
        onClick={() => input.current!.click()}
      >
        Open a file…
      </button>
      <input
        ref={input}
        class="unseen"
        type="file"
        multiple
        accept=".json,application/json"
        tabIndex={-1}
        aria-label="An ipu_config.json, or a model's config.json"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = ''; // the same file may be opened again
        }}
      />
    </>
  );
}

/** While someone types, or what they typed is wrong, their text stays as it is; otherwise it is the configuration's. */
function ConfigText(props: { readonly text: string; readonly state: PlaygroundState }): VNode {
  const { text, state } = props;
  const { setup, bad, epoch, change, mark } = state;
  const [draft, setDraft] = useState<string>();
  const visits = useRef(0);
  useEffect(() => setDraft(undefined), [epoch]);
  const isBad = bad[FILE] !== undefined;
  return (
    <details class="config-text">
      <summary>Paste or edit the file</summary>
      <textarea
        spellcheck={false}
        rows={12}
        aria-label={FILE}
        aria-invalid={isBad}
        value={draft ?? text}
        onFocus={() => visits.current++}
        onInput={(event) => {
          const { value } = event.currentTarget;
          setDraft(value);
          const made = attempted(() => withConfigText(value, FILE));
          mark(FILE, typeof made === 'string' ? made : undefined);
          if (typeof made !== 'string') change({ ...setup, ...made }, `${FILE} ${visits.current}`);
        }}
        onBlur={() => !isBad && setDraft(undefined)}
      />
      {isBad && <p class="failure">{bad[FILE]}</p>}
    </details>
  );
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = FILE;
  link.click();
  URL.revokeObjectURL(url);
}
