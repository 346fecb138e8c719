import { percent } from '../../../ipu-config/base/format.js';

/** What a schedule comes to, with the costs of all that it is compared with. */
export interface ScheduleFigures {
  readonly name: string;
  readonly makespanNs: number;
  /** In the unit of the costs. */
  readonly makespan: string;
  readonly bubbleShare: number;
  /** Activations, in micro-batches, on the rank that keeps most; absent where nothing is kept. */
  readonly kept?: number;
}

/** Which schedule takes least time and why, and which keeps least. */
export function scheduleVerdict(schedules: readonly ScheduleFigures[]): string {
  const ordered = schedules.toSorted((a, b) => a.makespanNs - b.makespanNs);
  const [best, worst] = [ordered[0]!, ordered.at(-1)!];
  if (ordered.length === 1) {
    return `${best.name} takes ${best.makespan}; ${percent(best.bubbleShare)} of its ranks' time nothing is computed.`;
  }
  return [timeWords(best, worst, ordered), keptWords(best, ordered)]
    .filter((words) => words !== '')
    .join(' ');
}

function timeWords(best: ScheduleFigures, worst: ScheduleFigures, all: readonly ScheduleFigures[]): string {
  const fastest = all.filter(({ makespanNs }) => makespanNs === best.makespanNs);
  if (fastest.length === all.length) return `All take the same time: ${best.makespan}.`;
  const names = fastest.map(({ name }) => name).join(' and ');
  const less = percent(1 - best.makespanNs / worst.makespanNs);
  const verb = fastest.length > 1 ? 'take' : 'takes';
  const words = `${names} ${verb} least time: ${best.makespan}, ${less} less than ${worst.name} (${worst.makespan})`;
  // A schedule with more work may have the smaller bubble and be slower all the same.
  if (!(best.bubbleShare < worst.bubbleShare)) return `${words}.`;
  return `${words}, because its bubble is ${percent(best.bubbleShare)} and not ${percent(worst.bubbleShare)}.`;
}

function keptWords(best: ScheduleFigures, all: readonly ScheduleFigures[]): string {
  const keepers = all.filter((one) => one.kept !== undefined).sort((a, b) => a.kept! - b.kept!);
  const [least, most] = [keepers[0], keepers.at(-1)];
  if (least === undefined || most === undefined || best.kept === undefined) return '';
  if (least.kept === most.kept) return `All keep the activations of ${least.kept} micro-batches at most.`;
  const others = best.kept === least.kept ? most : least;
  return `It keeps the activations of ${best.kept} micro-batches at most, ${others.name} of ${others.kept}.`;
}
