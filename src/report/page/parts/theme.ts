export type Theme = 'light' | 'dark';

const KEY = 'ipu-pipeline-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const print = matchMedia('print');
const watchers = new Set<() => void>();

/** What is on the screen; on paper everything is light. */
export function currentTheme(): Theme {
  if (print.matches) return 'light';
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return dark.matches ? 'dark' : 'light';
}

/** Calls back when the picture has to be drawn in other colours or for another medium. @returns how to end that */
export function watchTheme(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

export function chooseTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  ifStored((storage) => storage.setItem(KEY, theme));
  tell();
}

/** Takes up what the reader chose before, and follows the system from then on. */
export function startTheme(): void {
  const theme = ifStored((storage) => storage.getItem(KEY));
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
  dark.addEventListener('change', tell);
  print.addEventListener('change', tell);
}

function tell(): void {
  for (const watcher of watchers) watcher();
}

/** A page from disk may be refused its storage; the choice then lasts as long as the page. */
function ifStored<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(localStorage);
  } catch {
    return undefined;
  }
}
