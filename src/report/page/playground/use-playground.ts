import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { changed, isSame, redone, undone, type History } from '../../playground/history.js';
import { withFile } from '../../playground/opened-file.js';
import { attempted, outcomeOf, type Outcome } from '../../playground/outcome.js';
import type { PlaygroundStart } from '../../playground/playground-start.js';
import { setupFromLink } from '../../playground/setup-link.js';
import type { Setup } from '../../playground/setup.js';
import { opened, remember } from './memory.js';

/** Fields that hold what they cannot, by their labels, each with what is wrong. */
export type BadFields = Readonly<Record<string, string>>;

/** Something that was done or refused, said as long as the setup is the one that it was said of. */
export interface Notice {
  readonly text: string;
  readonly isRefusal?: boolean;
  /** Says after it whether the run now fits. */
  readonly saysFit?: boolean;
}

/** What the page knows, and what its parts may do to it. */
export interface PlaygroundState {
  readonly setup: Setup;
  readonly history: History;
  /** What the setup gives; a sentence where it gives nothing. */
  readonly result: Outcome | string;
  readonly bad: BadFields;
  readonly notice: Notice | undefined;
  /** Rises when fields must show the setup again, whatever was typed. */
  readonly epoch: number;
  readonly kept: Setup;
  readonly isComparing: boolean;
  /** @param group changes of one are one step to undo */
  readonly change: (setup: Setup, group?: string, notice?: Notice) => void;
  /** The same for what may be refused. */
  readonly attempt: (make: () => Setup, group?: string) => void;
  readonly mark: (field: string, problem: string | undefined) => void;
  readonly open: (files: readonly File[]) => void;
  /** Bad fields show the setup again. */
  readonly reset: () => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly compare: (isComparing: boolean) => void;
  readonly keep: (setup: Setup) => void;
  readonly say: (notice: Notice) => void;
}

export function usePlayground(start: PlaygroundStart): PlaygroundState {
  const first = useMemo(() => opened(start), [start]);
  const [history, setHistory] = useState(first.history);
  const [kept, setKept] = useState(first.kept);
  const [isComparing, compare] = useState(first.isComparing);
  const [bad, setBad] = useState<BadFields>({});
  const [epoch, setEpoch] = useState(0);
  const [said, setSaid] = useState<(Notice & { readonly of: Setup }) | undefined>(
    first.refusal === undefined
      ? undefined
      : {
          ...{ text: `The link was not opened: ${first.refusal}`, isRefusal: true },
          of: first.history.present,
        },
  );
  const setup = history.present;
  const latest = useRef(history);
  latest.current = history;
  const go = (to: History, notice?: Notice): void => {
    latest.current = to;
    setHistory(to);
    setSaid(notice && { ...notice, of: to.present });
  };
  const anew = (to: History): void => {
    setBad({});
    setEpoch((before) => before + 1);
    go(to);
  };
  const say = (notice: Notice): void => setSaid({ ...notice, of: latest.current.present });
  const change: PlaygroundState['change'] = (next, group, notice) => {
    go(changed(latest.current, next, group), notice);
  };
  const attempt: PlaygroundState['attempt'] = (make, group) => {
    const made = attempted(make);
    if (typeof made === 'string') say({ text: made, isRefusal: true });
    else change(made, group);
  };
  const jump = (make: () => Setup, refusal: (why: string) => string): void => {
    const made = attempted(make);
    if (typeof made === 'string') return say(refused(refusal(made)));
    anew(changed(latest.current, made));
  };
  const state: PlaygroundState = {
    ...{ setup, history, bad, epoch, kept, isComparing, change, attempt, compare, say },
    result: useMemo(() => attempted(() => outcomeOf(setup)), [setup]),
    notice: said && isSame(said.of, setup) ? said : undefined,
    mark: (field, problem) => setBad((before) => withField(before, field, problem)),
    open: (files) => void readAll(files, latest, jump, say),
    reset: () => anew(latest.current),
    undo: () => anew(undone(latest.current)),
    redo: () => anew(redone(latest.current)),
    keep: setKept,
  };
  useRemembered(start, { history, kept, isComparing });
  useLinks((link) => jump(() => setupFromLink(link), String));
  useUndoKeys(state);
  return state;
}

function withField(bad: BadFields, field: string, problem: string | undefined): BadFields {
  const others = Object.entries(bad).filter(([name]) => name !== field);
  return Object.fromEntries(problem === undefined ? others : [...others, [field, problem]]);
}

function refused(why: string): Notice {
  return { text: `${why} The page stays as it is.`, isRefusal: true };
}

/** Several files are one change: a configuration and its model, say. */
async function readAll(
  files: readonly File[],
  latest: { readonly current: History },
  jump: (make: () => Setup, refusal: (why: string) => string) => void,
  say: (notice: Notice) => void,
): Promise<void> {
  const names = files.map(({ name }) => name).join(', ');
  try {
    const texts = await Promise.all(files.map(async (file) => [file.name, await file.text()] as const));
    const all = (): Setup =>
      texts.reduce((setup, [name, text]) => withFile(setup, name, text), latest.current.present);
    jump(all, (why) => `${names} cannot be opened: ${why}`);
  } catch (error) {
    say(refused(`${names} cannot be read: ${String(error)}.`));
  }
}

/** Not for every step of a drag: browsers count changes of an address. */
function useRemembered(start: PlaygroundStart, of: Parameters<typeof remember>[1]): void {
  const latest = useRef(of);
  latest.current = of;
  useEffect(() => {
    const timer = setTimeout(() => remember(start, latest.current), 150);
    return () => clearTimeout(timer);
  }, [of.history, of.kept, of.isComparing]);
  useEffect(() => {
    const now = (): void => remember(start, latest.current);
    addEventListener('pagehide', now);
    return () => removeEventListener('pagehide', now);
  }, []);
}

/** A link that is put into the address of an open page. */
function useLinks(onLink: (link: string) => void): void {
  const latest = useRef(onLink);
  latest.current = onLink;
  useEffect(() => {
    const changed = (): void => {
      if (location.hash !== '') latest.current(location.hash.slice(1));
    };
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
}

/** Ctrl-Z, Ctrl-Shift-Z and Ctrl-Y; a text that is being written has its own. */
function useUndoKeys(state: PlaygroundState): void {
  const latest = useRef(state);
  latest.current = state;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      if (event.target instanceof HTMLTextAreaElement) return;
      const key = event.key.toLowerCase();
      if (key !== 'z' && key !== 'y') return;
      event.preventDefault();
      if (key === 'y' || event.shiftKey) latest.current.redo();
      else latest.current.undo();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
