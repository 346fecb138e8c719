import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { chooseTheme, currentTheme, watchTheme } from './theme.js';

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
