import { figure } from '../../../ipu-config/base/format.js';
import { ratesOnOneIpu } from '../../hardware/predict.js';
import { describeRun, simulateIpus } from '../../hardware/simulation.js';
import { TimelineCollector } from '../../observe/timeline-collector.js';
import type { ReportData } from '../../report/data/report-data.js';
import { simulationData } from '../../report/data/simulation-data.js';
import type { SavedSimulation } from '../../hardware/run-schema.js';

/** Simulates a saved simulation again, once, for its spans. Where this version makes other figures, the page says so. */
export async function showSimulation({
  run,
  rates,
  warnings,
  advice = [],
}: SavedSimulation): Promise<ReportData> {
  const collector = new TimelineCollector(describeRun(run));
  const again = simulateIpus(run, { onSpan: (span) => collector.add(span) });
  const isSame = again.rates.stepSeconds === rates.stepSeconds;
  const text =
    `The file says ${figure(rates.sequencesPerSecond)} sequences/s; this version of ipu-pipeline makes ` +
    `${figure(again.rates.sequencesPerSecond)} of the same run, and shows that.`;
  return simulationData(
    { ...again, warnings: isSame ? warnings : [...warnings, { code: 'other-version', text }] },
    { timelines: [await collector.timeline()], oneIpu: ratesOnOneIpu(run), advice },
  );
}
