/**
 * Draws the timeline of a recorded run as SVG, for the README.
 *
 *     npm start -- --record run.spans
 *     npx tsx bench/picture.ts run.spans docs/assets/timeline.svg
 */
import { writeFileSync } from 'node:fs';
import type { Span } from 'ipu-pipeline/schedules';
import { readRecording, type RecordedRun } from 'ipu-pipeline/report';

const [recording, output] = process.argv.slice(2);
if (!recording || !output) {
  console.error('usage: npx tsx bench/picture.ts RECORDING OUTPUT.svg');
  process.exit(2);
}

let run: RecordedRun | undefined;
let spans: Span[] = [];
for await (const entry of readRecording(recording)) {
  if ('run' in entry) [run, spans] = [entry, []];
  else if ('kind' in entry) spans.push(entry);
}
if (!run || spans.length === 0) throw new Error(`${recording} holds no run`);
writeFileSync(output, draw(run, spans));

function draw({ run: title, stages }: RecordedRun, all: readonly Span[]): string {
  const [width, left, top, lane, gap] = [960, 200, 44, 34, 10];
  const ranks = Math.max(...all.map(({ rank }) => rank)) + 1;
  const endNs = Math.max(...all.map((span) => span.endNs));
  const height = top + ranks * (lane + gap) + 40;
  const x = (ns: number): number => left + (ns / endNs) * (width - left - 16);
  const y = (rank: number): number => top + rank * (lane + gap);
  const labels = stages.map((name, rank) => {
    const [first, ...rest] = name.split(', ').map(escaped);
    return `<text x="12" y="${y(rank) + 14}" class="b">IPU ${rank}: ${first}</text><text x="12" y="${y(rank) + 29}" class="d">${rest.join(', ')}</text>`;
  });
  const blocks = all
    .filter(({ kind }) => kind === 'action')
    .map((span) => {
      const [from, wide] = [x(span.startNs), x(span.endNs) - x(span.startNs)];
      const hue = ((span.microBatch ?? 0) * 47) % 360;
      const number =
        wide > 16
          ? `<text x="${(from + wide / 2).toFixed(1)}" y="${y(span.rank) + 22}" class="n">${span.microBatch}</text>`
          : '';
      return `<rect x="${from.toFixed(1)}" y="${y(span.rank)}" width="${Math.max(1, wide - 1).toFixed(1)}" height="${lane}" rx="3" fill="hsl(${hue} 55% 58%)"/>${number}`;
    });
  const seconds = Array.from({ length: Math.floor(endNs / 1e9) + 1 }, (_, s) => s).filter(
    (s) => s % Math.ceil(endNs / 1e10) === 0,
  );
  const axis = seconds.map(
    (s) =>
      `<text x="${x(s * 1e9).toFixed(1)}" y="${height - 12}" class="t">${s} s</text><path d="M${x(s * 1e9).toFixed(1)} ${top - 6}V${height - 26}" class="g"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" role="img" aria-label="Timeline of a measured run: ${escaped(title)}">
<style>.b{font-size:13px;font-weight:600}.d,.t{font-size:12px;opacity:.75}.t,.n{text-anchor:middle}.n{font-size:12px;fill:#111}.h{font-size:15px;font-weight:600}text{fill:#1f2328}.g{stroke:#8888;stroke-width:.5}.bg{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.n{fill:#111}.bg{fill:#0d1117}}</style>
<rect class="bg" width="${width}" height="${height}" rx="8"/>
<text x="12" y="24" class="h">Measured: ${escaped(title)}, each block one micro-batch on one stage's thread</text>
${axis.join('\n')}
${labels.join('\n')}
${blocks.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
