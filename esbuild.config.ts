import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { build, type Metafile } from 'esbuild';

/**
 * Bundles the pages of `src/report/page` into single files: `npm run build` runs it after the compiler. What is written is
 * shipped in dist, so nothing here is needed at run time.
 */
interface Page {
  readonly entry: string;
  readonly title: string;
  readonly out: string;
  /** Elements that the page's program finds in the body. */
  readonly body: string;
}

const PAGES: readonly Page[] = [
  {
    entry: 'src/report/page/report.tsx',
    title: 'Report – ipu-pipeline',
    out: 'dist/page/report.html',
    body: '<script type="application/json" id="report-data"></script>',
  },
  {
    entry: 'src/report/page/playground/playground.tsx',
    title: 'Playground – ipu-pipeline',
    out: 'dist/playground/index.html',
    body: '<script type="application/json" id="playground-start"></script>',
  },
];

for (const page of PAGES) {
  const { outputFiles, metafile } = await build({
    entryPoints: [page.entry],
    outdir: 'dist/page',
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: ['chrome123', 'firefox121', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    metafile: true,
  });
  const text = (extension: string): string =>
    outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? '';
  await mkdir(page.out.slice(0, page.out.lastIndexOf('/')), { recursive: true });
  await writeFile(page.out, html(page, text('.js'), text('.css'), await licences(packagesOf(metafile))));
}

/** Names of the packages whose code is in a page. */
function packagesOf({ inputs }: Metafile): string[] {
  const names = Object.keys(inputs).flatMap((file) => {
    return /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [];
  });
  return [...new Set(names)].sort();
}

/** Their licences ask that they stay with copies. */
async function licences(packages: readonly string[]): Promise<string> {
  const texts = packages.map(async (name) => {
    const files = await readdir(`node_modules/${name}`);
    const licence = files.find((file) => /^licen[cs]e(\.\w+)?$/i.test(file));
    if (licence === undefined) throw new Error(`${name} is in a page, but has no licence file`);
    return `${name}\n\n${(await readFile(`node_modules/${name}/${licence}`, 'utf8')).trim()}`;
  });
  return (await Promise.all(texts)).join('\n\n');
}

function html({ title, body }: Page, script: string, style: string, notice: string): string {
  // A program ends where its element is closed, even within one of its strings.
  const safe = script.trim().replaceAll('</script', '<\\/script');
  const css = style.trim();
  return `<!doctype html>
<!-- With code of these packages:

${notice.replaceAll('--', '- -')}
-->
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(safe, css)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${css}</style>
</head>
<body>
<noscript>This page draws with JavaScript, which is switched off here.</noscript>
<main id="page"></main>
${body}
<script>${safe}</script>
</body>
</html>
`;
}

/**
 * Nothing but the page's own program and styles runs, and nothing leaves it: whatever a name in a report may be, it is
 * text. Pictures are drawn, and files are handed over as blobs.
 */
function policy(script: string, style: string): string {
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "style-src-attr 'unsafe-inline'",
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
