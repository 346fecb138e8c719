import { MultiBar, Presets, type SingleBar } from 'cli-progress';

/** Progress of one long thing. `update` may be called often; drawing is throttled. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

/**
 * Progress bars on stderr, so that stdout stays clean for results. Where stderr is no terminal (a log, CI) each
 * bar is one line when it begins and nothing more.
 */
export class ProgressBars {
  readonly #bars: MultiBar | undefined;

  constructor() {
    if (!process.stderr.isTTY) return;
    this.#bars = new MultiBar(
      {
        format: '{name} {bar} {value}/{total} {unit}  ETA {eta_formatted}',
        hideCursor: true,
        stream: process.stderr,
      },
      Presets.shades_classic,
    );
  }

  start(name: string, total: number, unit: string): Progress {
    if (!this.#bars) {
      process.stderr.write(`${name} …\n`);
      return { update: () => undefined, stop: () => undefined };
    }
    const bar: SingleBar = this.#bars.create(total, 0, { name: name.padEnd(34), unit });
    return {
      update: (done) => bar.update(Math.min(total, done)),
      stop: () => {
        bar.update(total);
        bar.stop();
      },
    };
  }

  stop(): void {
    this.#bars?.stop();
  }
}
