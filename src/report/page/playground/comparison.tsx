import type { VNode } from 'preact';
import { simulationHighlights } from '../../data/simulation-data.js';
import { changeOf, settingDifferences } from '../../playground/compared.js';
import { isSame } from '../../playground/history.js';
import { memoryProblem, type Outcome } from '../../playground/outcome.js';
import { DataTable } from '../parts/data-table.js';
import type { PlaygroundState } from './use-playground.js';

/** What differs between the setup that was kept and the one of now, and what that does to the figures. */
export function Comparison(props: {
  readonly state: PlaygroundState;
  readonly kept: Outcome | string;
  readonly now: Outcome | undefined;
}): VNode {
  const { state, kept, now } = props;
  const { setup, keep } = state;
  const differences = settingDifferences(state.kept, setup);
  return (
    <section class="comparison" aria-label="Comparison">
      <div class="comparison-head">
        <h2>Kept and now</h2>
        <button type="button" disabled={isSame(state.kept, setup)} onClick={() => keep(setup)}>
          Keep this instead
        </button>
        <button
          type="button"
          disabled={isSame(state.kept, setup)}
          onClick={() => {
            keep(setup);
            state.change(state.kept);
          }}
        >
          Swap
        </button>
      </div>
      {differences.length === 0 && <p class="note">They are the same: change something.</p>}
      <DataTable
        caption="Kept and now"
        columns={['', 'kept', 'now', 'change']}
        rows={[
          ...figureRows(kept, now),
          ...differences.map(({ label, kept: was, now: is }) => [label, was, is, '']),
        ]}
      />
    </section>
  );
}

function figureRows(kept: Outcome | string, now: Outcome | undefined): string[][] {
  const [was, is] = [typeof kept === 'string' ? undefined : kept, now].map((of) => figures(of));
  const labels = [...new Set([...is!.keys(), ...was!.keys()])];
  return labels.map((label) => [
    label,
    was!.get(label) ?? '–',
    is!.get(label) ?? '–',
    (typeof kept !== 'string' && now && changeOf(label, kept.simulation, now.simulation)) || '',
  ]);
}

function figures(outcome: Outcome | undefined): ReadonlyMap<string, string> {
  if (!outcome) return new Map([['runs', 'no']]);
  const { simulation } = outcome;
  return new Map([
    ['runs', memoryProblem(simulation) === undefined ? 'yes' : 'no: it does not fit'],
    ...simulationHighlights(simulation).map(({ label, value, note = '' }): [string, string] => {
      return [label, label === 'memory' ? note : value];
    }),
  ]);
}
