import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Names of classes, without those that are not wanted. */
export function clsx(...names: readonly (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}

/** A value that is its own text, or one that has another. */
export type Choice<T extends string> = T | { readonly value: T; readonly text: string };

export function Select<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly (
    Choice<T> | { readonly group: string; readonly choices: readonly Choice<T>[] }
  )[];
  /** For long values: the whole width. */
  readonly isWide?: boolean;
  readonly onChange: (value: T) => void;
}): VNode {
  const { label, value, choices, isWide = false, onChange } = props;
  return (
    <Field label={label} isWide={isWide}>
      <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {choices.map((choice) =>
          typeof choice === 'object' && 'group' in choice ? (
            <optgroup key={choice.group} label={choice.group}>
              {choice.choices.map(option)}
            </optgroup>
          ) : (
            option(choice)
          ),
        )}
      </select>
    </Field>
  );
}

function option(choice: Choice<string>): VNode {
  const { value, text } = typeof choice === 'string' ? { value: choice, text: choice } : choice;
  return (
    <option key={value} value={value}>
      {text}
    </option>
  );
}

/** A whole number from 1. What is no such number stays in the box and is marked: the page then has no result. */
export function NumberBox(props: {
  readonly label: string;
  readonly value: number;
  readonly most: number;
  /** When it rises, the box shows its value again. */
  readonly epoch: number;
  /** @param group numbers that are typed one after another are one change */
  readonly onChange: (value: number, group: string) => void;
  readonly onBad: (label: string, problem: string | undefined) => void;
}): VNode {
  const { label, value, most, epoch, onChange, onBad } = props;
  const [text, setText] = useState(`${value}`);
  const visits = useRef(0);
  useEffect(() => setText(`${value}`), [value, epoch]);
  const isRight = (entered: string): boolean => /^[1-9]\d*$/.test(entered) && Number(entered) <= most;
  return (
    <Field label={label}>
      <input
        type="text"
        aria-label={label}
        inputMode="numeric"
        autocomplete="off"
        value={text}
        aria-invalid={!isRight(text)}
        onFocus={() => visits.current++}
        onKeyDown={(event) => {
          const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
          const next = `${value + (step ?? 0)}`;
          if (step === undefined || !isRight(text) || !isRight(next)) return;
          event.preventDefault();
          onChange(Number(next), `${label} ${visits.current}`);
        }}
        onInput={(event) => {
          const entered = event.currentTarget.value.trim();
          setText(entered);
          const shown = entered === '' ? 'empty' : `“${entered.slice(0, 40)}”`;
          const problem = `${label} is ${shown}: give a whole number from 1 to ${most}.`;
          onBad(label, isRight(entered) ? undefined : problem);
          if (isRight(entered)) onChange(Number(entered), `${label} ${visits.current}`);
        }}
      />
    </Field>
  );
}

function Field(props: {
  readonly label: string;
  readonly isWide?: boolean;
  readonly children: ComponentChildren;
}): VNode {
  return (
    <label class={clsx('field', props.isWide && 'wide')}>
      <span>{props.label}</span>
      {props.children}
    </label>
  );
}
