import { render } from 'preact';
import { Playground } from './playground-page.js';
import { PRESETS } from '../../../../ipu-config/presets.js';
import type { PlaygroundStart } from '../../playground/playground-start.js';
import '../parts/style.css';
import './playground.css';
import './playground-narrow.css';
import { startTheme } from '../parts/theme.js';

const DEFAULT_START: PlaygroundStart = {
  config: { name: 'bert-large-ipu', text: JSON.stringify(PRESETS['bert-large-ipu']) },
  model: 'bert-large',
  system: 'pod16',
  mode: 'training',
  sequenceLength: 384,
  microBatch: 1,
};

startTheme();
const given = document.getElementById('playground-start')?.textContent ?? '';
const start = given === '' ? DEFAULT_START : (JSON.parse(given) as PlaygroundStart);
render(<Playground start={start} />, document.getElementById('page')!);
