import { openModel, type BertModel } from '../../runs/model.js';
import type { DownloadProgress } from '../../hub/download-model.js';
import { ProgressBars, type Progress } from './progress.js';

const BYTES_PER_MB = 1e6;

/** Opens a model for a command; one that has to be downloaded shows a progress bar and ends with Ctrl-C. */
export async function openModelWithBar(name: string, signal: AbortSignal): Promise<BertModel> {
  const bars = new ProgressBars();
  let bar: Progress | undefined;
  const megabytes = (bytes: number): number => Math.round(bytes / (BYTES_PER_MB / 10)) / 10;
  const onDownload = ({ repo, doneBytes, totalBytes }: DownloadProgress): void => {
    bar ??= bars.start(`downloading ${repo}`, megabytes(totalBytes), 'MB');
    bar.update(megabytes(doneBytes));
  };
  const onWarning = (message: string): void => void process.stderr.write(`warning: ${message}\n`);
  try {
    const model = await openModel(name, { signal, onDownload, onWarning });
    bar?.stop();
    return model;
  } finally {
    bars.stop();
  }
}
