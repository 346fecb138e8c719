import { render } from 'preact';
import { Playground } from './playground-page.js';
import { presetText } from './setup.js';
import type { PlaygroundStart } from '../../data/playground-start.js';
import '../parts/style.css';
import './playground.css';
import { startTheme } from '../parts/theme.js';

const DEFAULT_START: PlaygroundStart = {
  config: { name: 'bert-large-ipu', text: presetText('bert-large-ipu') },
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
