import { filledPage, type PageTemplate } from './page-template.js';
import type { PlaygroundStart } from '../playground/playground-start.js';

const TEMPLATE: PageTemplate = {
  file: new URL('../../../playground/index.html', import.meta.url),
  id: 'playground-start',
};

/** The playground as one self-contained page, which opens with this. */
export function playgroundHtml(start: PlaygroundStart): Promise<string> {
  return filledPage(TEMPLATE, start, 'Playground');
}
