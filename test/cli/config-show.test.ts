import { Command } from 'commander';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ATTRIBUTE_NAMES, ATTRIBUTE_USES, useLabel } from 'ipu-pipeline/internals';
import { configShowCommand } from '../../src/cli/look/config-show.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'config-show-'));
  const config = { layers_per_ipu: [1, 2], inference_device_iterations: 3, use_popdist: false };
  await writeFile(join(directory, 'ipu_config.json'), JSON.stringify(config));
  await writeFile(join(directory, 'wild.json'), '{"layers_per_ipu": [1, -1]}');
  await writeFile(join(directory, 'config.json'), '{"num_hidden_layers": 3, "vocab_size": 7}');
});
afterAll(() => rm(directory, { recursive: true }));

async function show(...args: string[]): Promise<string> {
  let output = '';
  const command = configShowCommand()
    .exitOverride()
    .configureOutput({ writeOut: (text) => (output += text), writeErr: () => undefined });
  const program = new Command('ipu-pipeline').exitOverride();
  program.command('config').addCommand(command);
  await program.parseAsync(['config', 'show', ...args], { from: 'user' });
  return output;
}

describe('config show', () => {
  it('prints one JSON object', async () => {
    const report: unknown = JSON.parse(await show(directory, '--json'));
    expect(report).toMatchObject({
      config: { layers_per_ipu: [1, 2], inference_layers_per_ipu: [1, 2], seed: null },
      placement: { embedding: 0, encoder: [0, 1, 1], head: 1 },
      stages: [
        { stage: 0, ipu: 0, embedding: true, layers: [0, 1], head: null },
        { stage: 1, ipu: 1, embedding: false, layers: [1, 3], head: 'question-answering' },
      ],
      mode: 'inference',
      ipus: 2,
      replicas: 1,
      warnings: [
        { code: 'ignored-key', text: 'use_popdist is an attribute that upstream dropped; it is ignored.' },
      ],
    });
  });

  it('prints placement, every attribute, and warnings for people', async () => {
    const text = await show(join(directory, 'ipu_config.json'));
    expect(text).toContain('inference: 3 layers in 2 stages on 2 IPUs, 1 replica');
    expect(text).toMatch(/1 +1 +Layers 1–2, question-answering +▪▪ 2/);
    for (const name of ATTRIBUTE_NAMES) expect(text).toMatch(new RegExp(`^${name} `, 'm'));
    expect(text).toContain('warning: use_popdist');
  });

  it('shows training with its backward stages and minimum', async () => {
    const text = await show('bert-large-ipu', '--mode', 'training', '--head', 'masked-lm');
    expect(text).toContain('24 layers in 5 stages on 4 IPUs');
    expect(text).toContain('Training runs 9 stages: 5 forward, 4 backward.');
    expect(text).toMatch(/4, with its forward/);
    const report = JSON.parse(
      await show('bert-base-ipu', '--pod', 'pod8', '--mode', 'training', '--json'),
    ) as object;
    expect(report).toMatchObject({ replicas: 2, trainingStages: 7 });
  });

  it('takes the layers from the file, --layers or --model', async () => {
    const wild = join(directory, 'wild.json');
    await expect(show(wild)).rejects.toThrow(
      /inference_layers_per_ipu=\[1, -1\] has wildcards.*--layers N or --model/s,
    );
    expect(await show(wild, '--layers', '5')).toContain('5 layers in 2 stages');
    const text = await show(wild, '--model', directory);
    expect(text).toContain('3 layers in 2 stages');
    expect(await show('bert-large-uncased', '--head', 'none', '--json')).toContain('"head":null');
    const serialized = await show('bert-base-uncased', '--layers', '12', '--json');
    expect(serialized).not.toContain('does not divide');
  });

  it('places other families, and says what is cut and kept', async () => {
    const file = join(directory, 'roberta.json');
    await writeFile(
      file,
      '{"layers_per_ipu": [1, 2], "embedding_serialization_factor": 5, "recompute_checkpoint_every_layer": true}',
    );
    const masked = await show(file, '--family', 'roberta', '--head', 'masked-lm', '--mode', 'training');
    expect(masked).toContain('3 layers in 3 stages on 2 IPUs');
    expect(masked).toContain('lm_head.decoder is computed in 5 parts.');
    expect(masked).toContain('Recomputation starts from the output of 3 layers: 0–2.');
    const report: unknown = JSON.parse(await show(file, '--family', 'distilbert', '--json'));
    expect(report).toMatchObject({
      placement: {
        head: 1,
        serialized: { module: 'distilbert.embeddings.word_embeddings', parts: 5 },
        checkpoints: [0, 1],
      },
    });
    expect(await show('bert-large-ipu', '--model', 'roberta-large')).toContain('24 layers in 4 stages');
    await writeFile(join(directory, 'config.json'), '{"model_type": "distilbert", "n_layers": 3}');
    expect(await show(file, '--model', directory)).toContain('3 layers in 2 stages');
    await writeFile(join(directory, 'config.json'), '{"num_hidden_layers": 3, "vocab_size": 7}');
    await expect(show(file, '--family', 'distilbert', '--head', 'pooler')).rejects.toThrow(
      'distilbert models have no pooler; they have question-answering',
    );
    await expect(show(file, '--family', 'bert', '--model', directory)).rejects.toThrow('not both');
  });

  it('warns where the vocabulary cannot be serialized as the file says', async () => {
    await writeFile(join(directory, 'serial.json'), '{"embedding_serialization_factor": 2}');
    const text = await show(join(directory, 'serial.json'), '--model', directory);
    expect(text).toContain('embedding_serialization_factor=2 does not divide the 7 rows');
  });

  it('refuses bad input with a clear error', async () => {
    await expect(show('nowhere')).rejects.toThrow(
      'There is no file, directory or preset nowhere. The presets are:',
    );
    await expect(show(directory, '--strict')).rejects.toThrow(/unknown arguments:\n {2}use_popdist=False/);
    await expect(show(directory, '--layers', '4')).rejects.toThrow('for 3 layers but there are 4 layers');
    await expect(show(directory, '--layers', 'all')).rejects.toThrow('--layers must be a whole number');
    await expect(show(directory, '--layers', '3', '--model', directory)).rejects.toThrow('not both');
    await expect(show(directory, '--pod', 'pod3')).rejects.toThrow('pod3 is not a correct value');
    await expect(show(directory, '--mode', 'test')).rejects.toThrow(
      /Allowed choices are training, inference/,
    );
    await expect(show('bert-large-ipu', '--model', join(directory, 'none'))).rejects.toThrow(
      /cannot read .*config\.json/,
    );
    await writeFile(join(directory, 'bad.json'), '{\n  "seed": 1,\n}');
    await expect(show(join(directory, 'bad.json'))).rejects.toThrow(
      /bad\.json is not valid JSON: line 3 column 1/,
    );
  });
});

describe('the table of what each attribute does', () => {
  it('is the same in the docs', async () => {
    const docs = await readFile(resolve(import.meta.dirname, '../../docs/ipu-config.md'), 'utf8');
    const section = docs.split('## What each attribute does here')[1]?.split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| `(\w+)` +\| (.*?) +\| (.*?) +\|$/gm)].map(([, ...cells]) => cells);
    const data = ATTRIBUTE_NAMES.map((name) => [
      name,
      useLabel(ATTRIBUTE_USES[name]),
      ATTRIBUTE_USES[name].note,
    ]);
    expect(rows).toEqual(data);
  });
});
