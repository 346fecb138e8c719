import { IpuPipelineError } from '../../../../ipu-config/base/errors.js';
import { historyOf, type History } from '../../playground/history.js';
import type { PlaygroundStart } from '../../playground/playground-start.js';
import { linkOf, setupFromLink } from '../../playground/setup-link.js';
import { setupFrom, type Setup } from '../../playground/setup.js';

/** Where a page is when it opens. */
export interface Remembered {
  readonly history: History;
  /** What is compared with. */
  readonly kept: Setup;
  readonly isComparing: boolean;
  /** Why the link in the address was not taken. */
  readonly refusal?: string;
}

const KEY = 'ipu-pipeline-playground';
/** Of each direction: a tab's memory is small. */
const MOST_STEPS = 30;

/** As links. */
interface Saved {
  /** A page that opens with something else has another memory. */
  readonly start: string;
  readonly past: readonly string[];
  readonly present: string;
  readonly future: readonly string[];
  readonly kept: string;
  readonly isComparing: boolean;
}

/** What the address says counts most, then the tab's memory of this page, then what the page was made with. */
export function opened(start: PlaygroundStart): Remembered {
  const first = setupFrom(start);
  const saved = recalled(linkOf(first));
  const link = location.hash.slice(1);
  if (saved && (link === '' || link === linkOf(saved.history.present))) return saved;
  const fresh = { history: historyOf(first), kept: first, isComparing: false };
  if (link === '') return fresh;
  try {
    const setup = setupFromLink(link);
    return { history: historyOf(setup), kept: setup, isComparing: false };
  } catch (error) {
    if (!(error instanceof IpuPipelineError)) throw error;
    return { ...(saved ?? fresh), refusal: error.message };
  }
}

/** Puts the setup into the address, and everything into the tab's memory. */
export function remember(start: PlaygroundStart, { history, kept, isComparing }: Remembered): void {
  const { past, present, future } = history;
  const first = linkOf(setupFrom(start));
  const link = linkOf(present);
  const isUntouched = link === first && past.length + future.length === 0 && location.hash === '';
  if (!isUntouched && location.hash.slice(1) !== link) {
    window.history.replaceState(null, '', `#${link}`);
  }
  const saved: Saved = {
    ...{ start: first, present: link, kept: linkOf(kept), isComparing },
    past: past.slice(-MOST_STEPS).map(linkOf),
    future: future.slice(0, MOST_STEPS).map(linkOf),
  };
  ifStored((storage) => storage.setItem(KEY, JSON.stringify(saved)));
}

function recalled(start: string): Remembered | undefined {
  const text = ifStored((storage) => storage.getItem(KEY));
  if (text === null || text === undefined) return undefined;
  try {
    const saved = JSON.parse(text) as Saved;
    if (saved.start !== start) return undefined;
    const [past, future] = [saved.past.map(setupFromLink), saved.future.map(setupFromLink)];
    return {
      history: { past, present: setupFromLink(saved.present), future },
      kept: setupFromLink(saved.kept),
      isComparing: saved.isComparing,
    };
  } catch {
    return undefined; // of another version of the page: it begins anew
  }
}

/** A page from disk may be refused its storage; the address then has the setup all the same. */
function ifStored<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
}
