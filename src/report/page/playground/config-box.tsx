import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { PRESET_NAMES, type PresetName } from '../../../../ipu-config/presets.js';
import { useAttempt } from './attempt.js';
import { Select } from './controls.js';
import { configText, presetText, withConfigText, type Setup } from './setup.js';

export interface ConfigBoxProps {
  readonly setup: Setup;
  readonly onConfig: (config: ReturnType<typeof withConfigText>) => void;
}

const OWN = 'own';

/** Loads, shows, edits and downloads the configuration. */
export function ConfigBox({ setup, onConfig }: ConfigBoxProps): VNode {
  const { attempt, refuse, refusal } = useAttempt(onConfig);
  const load = (text: string, name: string): void => attempt(() => withConfigText(text, name));
  const open = (file: File | undefined): void => {
    file?.text().then(
      (text) => load(text, file.name),
      (error: unknown) => refuse(`${file.name} cannot be read: ${String(error)}.`),
    );
  };
  useDroppedFile(open);
  const text = configText(setup.config);
  const preset = PRESET_NAMES.find((name) => name === setup.name);
  return (
    <section class="figure config-box">
      <div class="config-tools">
        <Select
          label="Configuration"
          value={preset ?? OWN}
          choices={[
            ...(preset ? [] : [{ value: OWN, text: setup.name }]),
            { group: 'published', choices: PRESET_NAMES },
          ]}
          onChange={(name) => name !== OWN && load(presetText(name as PresetName), name)}
        />
        <FileButton onFile={open} />
        <button type="button" onClick={() => download(text)}>
          Download ipu_config.json
        </button>
      </div>
      <ConfigText text={text} onText={(changed) => load(changed, 'ipu_config.json')} />
      {refusal}
    </section>
  );
}

function FileButton({ onFile }: { readonly onFile: (file: File | undefined) => void }): VNode {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" onClick={() => input.current!.click()}>
        Open a file…
      </button>
      <input
        ref={input}
        class="unseen"
        type="file"
        accept=".json,application/json"
        tabIndex={-1}
        aria-label="An ipu_config.json"
        onChange={(event) => {
          onFile(event.currentTarget.files?.[0]);
          event.currentTarget.value = ''; // the same file may be opened again
        }}
      />
    </>
  );
}

/** While someone types, their text stays as it is; otherwise it is the configuration's. */
function ConfigText(props: { readonly text: string; readonly onText: (text: string) => void }): VNode {
  const { text, onText } = props;
  const [draft, setDraft] = useState<string>();
  return (
    <details class="config-text">
      <summary>Paste or edit the file</summary>
      <textarea
        spellcheck={false}
        rows={12}
        aria-label="ipu_config.json"
        value={draft ?? text}
        onInput={(event) => {
          setDraft(event.currentTarget.value);
          onText(event.currentTarget.value);
        }}
        onBlur={() => setDraft(undefined)}
      />
    </details>
  );
}

function useDroppedFile(onFile: (file: File | undefined) => void): void {
  const latest = useRef(onFile);
  latest.current = onFile;
  useEffect(() => {
    const over = (event: DragEvent): void => event.preventDefault();
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      latest.current(event.dataTransfer?.files[0]);
    };
    addEventListener('dragover', over);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('drop', drop);
    };
  }, []);
}

function download(text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'ipu_config.json';
  link.click();
  URL.revokeObjectURL(url);
}
