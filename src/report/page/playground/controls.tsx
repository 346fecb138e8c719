import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** A value that is its own text, or one that has another. */
export type Choice<T extends string> = T | { readonly value: T; readonly text: string };

export function Select<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly (
    Choice<T> | { readonly group: string; readonly choices: readonly Choice<T>[] }
  )[];
  readonly onChange: (value: T) => void;
}): VNode {
  const { label, value, choices, onChange } = props;
  return (
    <Field label={label}>
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

/** A whole number from 1. What is no such number stays in the box, marked, and changes nothing. */
export function NumberBox(props: {
  readonly label: string;
  readonly value: number;
  readonly most?: number;
  readonly onChange: (value: number) => void;
}): VNode {
  const { label, value, most = 1_000_000, onChange } = props;
  const [text, setText] = useState(`${value}`);
  useEffect(() => setText(`${value}`), [value]);
  const isRight = (number: number): boolean => Number.isSafeInteger(number) && number >= 1 && number <= most;
  return (
    <Field label={label}>
      <input
        type="number"
        aria-label={label}
        min={1}
        max={most}
        step={1}
        inputMode="numeric"
        value={text}
        aria-invalid={!isRight(Number(text))}
        onInput={(event) => {
          const entered = event.currentTarget.value;
          setText(entered);
          if (entered !== '' && isRight(Number(entered))) onChange(Number(entered));
        }}
        onBlur={() => setText(`${value}`)}
      />
    </Field>
  );
}

function Field(props: { readonly label: string; readonly children: ComponentChildren }): VNode {
  return (
    <label class="field">
      <span>{props.label}</span>
      {props.children}
    </label>
  );
}
