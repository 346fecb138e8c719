import { sayWarnings } from '../flags/say-warnings.js';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command, Option } from 'commander';
import { MODES, type Mode } from '../../../ipu-config/attributes.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import { writeOutput } from '../../../ipu-config/base/files/output-file.js';
import { checkSettings } from '../../hardware/config-run.js';
import { SYSTEM_NAMES, systemByName } from '../../hardware/hardware-specs.js';
import { headOption } from '../flags/head-option.js';
import { HEADS, type Head } from '../../hardware/model-shape.js';
import { givenAttributes } from '../../planning/plan-config.js';
import { PUBLISHED_MODELS, publishedModel } from '../../hardware/published-models.js';
import { playgroundHtml } from '../../report/html/playground.js';
import type { PlaygroundStart } from '../../report/playground/playground-start.js';
import { readConfigSource } from '../flags/config-source.js';
import { readModelShape } from '../flags/read-model-shape.js';
import { abortOnInterrupt } from '../flags/ending.js';
import { wholeNumber } from '../flags/options.js';
import { OutputOption } from '../flags/outputs.js';

interface PlaygroundFlags {
  readonly config: string;
  readonly model: string;
  readonly head?: Head;
  readonly system: string;
  readonly mode: Mode;
  readonly seqLen: number;
  readonly microBatch: number;
  readonly pod?: string;
  readonly port: number;
  readonly output?: string;
}

/** Only programs on this machine reach it. */
const HOST = '127.0.0.1';

/** `ipu-pipeline playground`: the simulator in a browser. */
export function playgroundCommand(): Command {
  return new Command('playground')
    .description('open the simulator in a browser: drag layers between IPUs and see what it would do')
    .option(
      '--config <file>',
      'an ipu_config.json, a directory that holds one, or a preset',
      'bert-large-ipu',
    )
    .option(
      '--model <model>',
      `a directory with a config.json, that file, or one of ${PUBLISHED_MODELS.join(', ')}`,
      'bert-large',
    )
    .addOption(headOption("what sits on the model (default: the model's own)", HEADS))
    .option('--system <system>', SYSTEM_NAMES.join(', '), 'pod16')
    .addOption(
      new Option('--mode <mode>', 'which half of the configuration').choices(MODES).default('training'),
    )
    .option('--seq-len <n>', 'tokens in a row', wholeNumber(1), 384)
    .option('--micro-batch <n>', 'rows in a micro-batch', wholeNumber(1), 1)
    .option('--pod <type>', 'which value of dictionaries in older files, such as pod16')
    .option('--port <n>', 'serve it there (0: any free port)', wholeNumber(0), 0)
    .addOption(new OutputOption('-o, --output <file>', 'write the page to a file instead of serving it'))
    .action(async (flags: PlaygroundFlags, command: Command) => {
      const html = await playgroundHtml(await startOf(flags));
      const say = (text: string): void => command.configureOutput().writeOut?.(`${text}\n`);
      if (flags.output !== undefined) {
        writeOutput(flags.output, html);
        say(`written to ${flags.output}; it works from disk`);
        return;
      }
      await serve(html, flags.port, say);
    });
}

/** @throws InputError, ConfigError for what the page could not open with */
async function startOf(flags: PlaygroundFlags): Promise<PlaygroundStart> {
  const { config: source, model, head, mode, seqLen, microBatch, pod } = flags;
  const { config, warnings } = await readConfigSource(source, pod === undefined ? {} : { pod });
  // The page gets the file as newest upstream would write it, and has nothing to warn of.
  sayWarnings(warnings);
  const shape = await readModelShape(model, head);
  const hardware = systemByName(flags.system);
  const settings = {
    model: shape,
    hardware,
    mode,
    sequenceLength: seqLen,
    microBatch,
  };
  checkSettings(config, { ...settings, names: { sequenceLength: '--seq-len', microBatch: '--micro-batch' } });
  return {
    config: { name: source, text: JSON.stringify(givenAttributes(config)) },
    model: isDeepStrictEqual(shape, publishedModel(model, head))
      ? model.replace(/^synthetic:/, '')
      : // A directory may be called as a published model is.
        { ...shape, name: PUBLISHED_MODELS.includes(model) ? `./${model}` : model },
    ...(head === undefined ? {} : { head }),
    system: hardware.system.name,
    mode,
    sequenceLength: seqLen,
    microBatch,
  };
}

async function serve(html: string, port: number, say: (text: string) => void): Promise<void> {
  const signal = abortOnInterrupt();
  const server = createServer((request, response) => {
    const [status, text] = replyTo(request, html);
    const type = status === 200 ? 'text/html' : 'text/plain';
    response.writeHead(status, { 'content-type': `${type}; charset=utf-8` });
    response.end(text);
  });
  await listen(server, port);
  say(`The playground is at http://${HOST}:${(server.address() as AddressInfo).port}/ (Ctrl-C ends it)`);
  if (!signal.aborted) await once(signal, 'abort');
  server.closeAllConnections();
  server.close();
}

/** By other names, which may lead here from a page of somebody else's, there is nothing. */
const OWN_NAMES = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;

function replyTo({ method, url, headers }: IncomingMessage, html: string): readonly [number, string] {
  if (!OWN_NAMES.test(headers.host ?? '')) return [421, 'The playground is at 127.0.0.1 alone.\n'];
  if (method !== 'GET' && method !== 'HEAD') return [405, 'There is only a page to read.\n'];
  const isPage = url === '/' || url === '/index.html';
  return isPage ? [200, html] : [404, 'There is only one page, at /.\n'];
}

async function listen(server: Server, port: number): Promise<void> {
  if (port > 65_535) throw new InputError(`--port is ${port}; ports go up to 65535.`);
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new InputError(
      `cannot serve at port ${port}: ${(error as Error).message}. Give another --port, or 0 for any that is free.`,
      { cause: error },
    );
  }
}
