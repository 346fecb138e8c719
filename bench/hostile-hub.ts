/**
 * How long after its limit a hostile hub is left, beside the limit itself, which is stated by HF_HUB_ETAG_TIMEOUT and
 * HF_HUB_DOWNLOAD_TIMEOUT. `npx tsx bench/hostile-hub.ts [SECONDS]`
 */
import { scene, WEIGHTS } from '../test/hub/hub-scene.js';
import { FILES, QUESTIONS } from '../test/hub/tricks.js';

const limitS = Number(process.argv[2] ?? 3);
const limits = { HF_HUB_ETAG_TIMEOUT: String(limitS), HF_HUB_DOWNLOAD_TIMEOUT: String(limitS) };
const cases = [
  ...Object.entries(QUESTIONS).flatMap(([name, trick]) => [
    { name: `commit: ${name}`, trick, where: /\/revision\// },
    { name: `listing: ${name}`, trick, where: /\/tree\// },
  ]),
  ...Object.entries(FILES).flatMap(([name, trick]) => [
    { name: `file of the hub: ${name}`, trick, where: /\/resolve\// },
    { name: `file of its store: ${name}`, trick, where: /^\/blob\// },
  ]),
];

let latest = -Infinity;
for (const { name, trick, where } of cases) {
  const at = await scene();
  at.server.instead = (request, response) => {
    if (!where.test(request.url!)) return false;
    trick(response, request, at.files.get(WEIGHTS)!.length);
    return true;
  };
  const began = performance.now();
  // The pauses between attempts are those of the command line.
  await at.refusal({ env: { ...at.env, ...limits }, retryDelayMs: 500 });
  const tookS = (performance.now() - began) / 1000;
  latest = Math.max(latest, tookS - limitS);
  console.log(`${name.padEnd(80)} ${tookS.toFixed(2)} s, ${(tookS / limitS).toFixed(2)} of the limit`);
  await at.end();
}
const memory = process.resourceUsage().maxRSS / 1024;
console.log(
  `limit ${limitS} s; the latest end ${latest.toFixed(2)} s after it; ${memory.toFixed(0)} MiB at most`,
);
