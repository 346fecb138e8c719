import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { chooseTheme, currentTheme, watchTheme } from './theme.js';

/** What a page is about above it, where it comes from below. */
export function PageFrame(props: {
  readonly kind: ComponentChildren;
  readonly title: string;
  readonly subtitle?: string | undefined;
  readonly children: ComponentChildren;
}): VNode {
  const { kind, title, subtitle, children } = props;
  return (
    <>
      <header>
        <div>
          <p class="kind">{kind}</p>
          <h1>{title}</h1>
          {subtitle && <p class="subtitle">{subtitle}</p>}
        </div>
        <ThemeToggle />
      </header>
      {children}
      <footer>Made by ipu-pipeline. This page is one file and needs no network.</footer>
    </>
  );
}

export function ThemeToggle(): VNode {
  const [theme, setTheme] = useState(currentTheme());
  useEffect(() => watchTheme(() => setTheme(currentTheme())), []);
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      class="theme-toggle"
      onClick={() => chooseTheme(other)}
      title={`Use the ${other} theme`}
    >
      {other === 'dark' ? 'Dark' : 'Light'}
    </button>
  );
}
