import { render } from 'preact';
import type { ReportData } from '../data/report-data.js';
import { ReportPage } from './report-page.js';
import './parts/style.css';
import { startTheme } from './parts/theme.js';

startTheme();
const data = JSON.parse(document.getElementById('report-data')!.textContent) as ReportData;
render(<ReportPage data={data} />, document.getElementById('page')!);

// On paper a closed table is lost.
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
});
