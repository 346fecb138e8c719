import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const run = promisify(execFile);
let project: string;

/** Packs this checkout and installs the tarball into an empty project, as a user of the package would. */
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'ipu-pipeline-package-'));
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', project];
  const { stdout } = await run('npm', pack, { cwd: root });
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
  await writeFile(join(project, 'package.json'), '{"name": "user", "private": true, "type": "module"}');
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(project, filename)], {
    cwd: project,
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
  });
}, 300_000);
afterAll(() => rm(project, { recursive: true, force: true }));

describe('the npm package in an empty project', () => {
  it('has a command that shows configurations and runs pipelines', async () => {
    const cli = join(project, 'node_modules/.bin/ipu-pipeline');
    const { stdout } = await run(cli, ['config', 'show', 'bert-large-ipu', '--json'], { cwd: project });
    expect(JSON.parse(stdout)).toMatchObject({ ipus: 4, placement: { embedding: 0, head: 3 } });
    await writeFile(join(project, 'two.json'), '{"layers_per_ipu": [1, 1]}');
    const small = ['--model', 'synthetic:bert-tiny', '--seq-len', '16', '--micro-batches', '4'];
    const bench = await run(cli, ['bench', '--config', 'two.json', ...small], { cwd: project });
    expect(bench.stdout).toContain('identical, bit for bit');
  });

  it('has a library with types', async () => {
    const program = `
      import { IpuConfig, oneDevice, openModel, startBertPipeline, type BertModel } from 'ipu-pipeline';
      const model: BertModel = await openModel('synthetic:bert-tiny');
      const layers: number = model.config.numHiddenLayers;
      await using pipeline = await startBertPipeline({
        ...{ model, stages: oneDevice(model.config, model.head) },
        ...{ executor: 'reference', microBatch: 1, sequenceLength: 4 },
      });
      // @ts-expect-error there is no such attribute
      new IpuConfig({ layers_per_ipu: [layers] }).get('no_such_attribute');
    `;
    await writeFile(join(project, 'user.ts'), program);
    const compiler = {
      ...{ strict: true, target: 'es2022', module: 'nodenext', skipLibCheck: true },
      ...{
        lib: ['es2023', 'esnext.disposable'],
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
      },
    };
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: compiler, files: ['user.ts'] }),
    );
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project]).catch(
      (error: unknown) => expect.fail((error as { stdout: string }).stdout),
    );
    const { stderr } = await run(process.execPath, [join(project, 'user.js')], { cwd: project }).catch(
      (error: unknown) => error as { stderr: string },
    );
    // It runs up to the attribute that there is not: bad input is an error of ours, not a crash.
    expect(stderr).toContain('no_such_attribute');
  });
});
