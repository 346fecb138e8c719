import { parseModelReference } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

describe('a model reference', () => {
  it.each([
    ['acme/bert', 'acme/bert', 'main'],
    ['acme/bert@v1.0', 'acme/bert', 'v1.0'],
    ['acme/bert@refs/pr/3', 'acme/bert', 'refs/pr/3'],
    ['a.b_c-d/E.f-2@main', 'a.b_c-d/E.f-2', 'main'],
    ['acme/bert/', 'acme/bert', 'main'],
    ['hf://acme/bert', 'acme/bert', 'main'],
    ['hf://acme/bert@v1', 'acme/bert', 'v1'],
    ['hf://models/acme/bert/', 'acme/bert', 'main'],
    ['https://huggingface.co/acme/bert', 'acme/bert', 'main'],
    ['https://huggingface.co/acme/bert/tree/v1', 'acme/bert', 'v1'],
    ['https://huggingface.co/acme/bert/tree/refs%2Fpr%2F3', 'acme/bert', 'refs/pr/3'],
    ['https://hf.co/acme/bert/blob/main/config.json?x=1#y', 'acme/bert', 'main'],
    ['http://hub.acme:8080/acme/bert/', 'acme/bert', 'main'],
  ])('%s is %s at %s', (text, repo, revision) => {
    expect(parseModelReference(text, 'http://hub.acme:8080')).toEqual({ repo, revision });
  });

  it.each([
    'bert',
    'bert@main',
    './acme/bert',
    '../bert',
    '/acme/bert',
    'a/b/c',
    'a//b',
    'acme/',
    'a/..',
    'a\\b/c',
  ])('%s is none', (text) => expect(parseModelReference(text)).toBeUndefined());

  it.each([
    'acme/bert@',
    'acme/bert@../../x',
    'acme/bert@a/../b',
    'acme/bert@a b',
    'acme/bert@/x',
    'a/b@c@d',
  ])('%s has no revision', (text) =>
    expect(() => parseModelReference(text)).toThrow(/is no revision.*branch, a tag or a commit hash/),
  );
});

describe('an address', () => {
  it.each([
    ['https://example.com/acme/bert', /no address of the hub \(huggingface\.co/],
    ['https://huggingface.co/datasets/acme/bert', /names no model of the hub/],
    ['https://huggingface.co/acme', /names no model of the hub: give ORG\/NAME/],
    ['hf://bert', /names no model/],
    ['https://', /no address of the hub/],
  ])('%s is refused', (text, message) => expect(() => parseModelReference(text)).toThrow(message));
});
