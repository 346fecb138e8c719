import { describe, expect, it } from 'vitest';
import { forms, six, sixFloats, state, torchScratch } from './torch-scratch.js';
import * as t from './written-torch.js';

const { readAll, refusal } = torchScratch('pickle');

describe('a pickle that wants more than tensors is refused by name:', () => {
  it.each([
    ['os', 'system'],
    ['builtins', 'eval'],
    ['builtins', 'getattr'],
    ['torch', 'load'],
    ['torch._utils', '_rebuild_tensor_v3'],
    ['collections', 'deque'],
    ['numpy.core.multiarray', '_reconstruct'],
    ['constructor', 'toString'],
    ['torch', '__proto__'],
  ])('%s.%s', async (module, name) => {
    const harmful = t.call(t.global(module, name), t.str('touch /tmp/was-run'));
    for (const [, bytes] of forms(state(harmful), {})) {
      expect(await refusal(bytes)).toContain(`refers to ${module}.${name}, which no tensor needs`);
    }
    const byStack = t.pickle(t.str(module), t.str(name), [0x93]);
    expect(await refusal(t.torchZip(state(byStack), {}))).toContain(`refers to ${module}.${name}`);
  });

  it.each([
    ['INST', t.pickle(t.MARK, Buffer.from('ios\nsystem\n')), /opcode 0x69/],
    ['OBJ', t.pickle(t.MARK, [0x6f]), /opcode 0x6f/],
    ['NEWOBJ', Buffer.of(0x81), /opcode 0x81/],
    ['EXT1', Buffer.of(0x82, 1), /opcode 0x82/],
    ['a storage called', t.call(t.global('torch', 'FloatStorage'), t.int(9)), /calls torch.FloatStorage/],
    ['a text called', t.call(t.str('os.system'), t.str('x')), /calls what is no global/],
    ['state for a list', t.pickle([0x5d], t.dict(), [0x62]), /gives state to what is no dict/],
    ['an empty stack', Buffer.of(0x52), /stack is too short/],
    ['a missing mark', Buffer.of(0x74), /mark is missing/],
    ['a memo that is empty', Buffer.of(0x68, 5), /memo 5 is empty/],
    ['append to no list', t.pickle(t.int(1), t.int(2), [0x61]), /no list/],
    ['values left over', t.pickle(t.int(1), t.int(2)), /left over/],
    ['no end', t.pickle(Buffer.of(0x58, 255, 255, 255, 127)), /ends in the middle of a pickle/],
    ['a newer protocol', Buffer.of(0x80, 6), /protocol is 6/],
    ['a list of tensors', t.pickle([0x5d], t.tensor(six), [0x61]), /holds no dict/],
    ['a training state', t.dict([t.str('epoch'), t.int(3)]), /a dict with the keys epoch, but no tensors/],
    ['another persistent id', t.pickle(t.tuple(t.str('module')), [0x51]), /names memory in a form/],
    ['pairs that are none', t.call(t.global('collections', 'OrderedDict'), t.int(3)), /no list of pairs/],
    ['a tensor of nothing', t.call(t.global('torch._utils', '_rebuild_tensor_v2')), /no storage, offset/],
  ])('%s', async (_what, value, message) => {
    expect(await refusal(t.torchZip(value, { 0: sixFloats }))).toMatch(message);
  });

  it.each([
    ['past the end', { ...six, offset: 1 }],
    ['past the end by its stride', { ...six, stride: [4, 1] }],
    ['a shape that is absurd', { ...six, shape: [2 ** 30, 2 ** 30], stride: [0, 0] }],
    ['one element repeated', { ...six, shape: [7], stride: [0] }],
    ['fewer strides than sizes', { ...six, stride: [1] }],
    ['a negative stride', { ...six, shape: [2], stride: [-1] }],
    ['a negative size', { ...six, shape: [-2], stride: [1] }],
  ])('a tensor: %s', async (_what, tensor) => {
    for (const [, bytes] of forms(state(t.tensor(tensor)), { 0: sixFloats })) {
      expect(await refusal(bytes)).toMatch(/does not fit|no storage, offset, shape and stride/);
    }
  });
});

describe('beside tensors, a pickle may have what torch’s weights-only loader takes:', () => {
  const harmless: [string, Buffer][] = [
    ['a set', t.call(t.global('builtins', 'set'), t.pickle([0x5d], t.int(1), [0x61]))],
    ['a set of Python 2', t.call(t.global('__builtin__', 'set'), t.pickle([0x5d]))],
    ['a set by opcodes', t.pickle([0x8f], t.MARK, t.str('a'), [0x90])],
    ['a frozen set', t.pickle(t.MARK, t.str('a'), [0x91])],
    ['a device', t.call(t.global('torch', 'device'), t.str('cuda'), t.int(0))],
    ['a size', t.call(t.global('torch', 'Size'), t.tuple(t.int(2), t.int(3)))],
    ['a dtype', t.global('torch', 'float16')],
    ['another dtype', t.global('torch', 'bfloat16')],
    ['a counter', t.call(t.global('collections', 'Counter'), t.dict([t.int(1), t.int(2)]))],
    ['bytes', t.pickle([0x43, 3], Buffer.from('abc'))],
    ['bytes of protocol 2', t.call(t.global('_codecs', 'encode'), t.str('abc'), t.str('latin1'))],
  ];

  it.each(harmless)('%s', async (_what, value) => {
    const held = t.dict([t.str('step'), value], [t.str('w'), t.tensor(six)]);
    for (const [, bytes] of forms(held, { 0: sixFloats })) {
      expect(await readAll(bytes)).toEqual({ w: { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] } });
    }
  });

  it('parameters with a state', async () => {
    const rebuild = t.global('torch._utils', '_rebuild_parameter_with_state');
    const parameter = t.call(rebuild, t.tensor(six), t.FALSE, t.NONE, t.dict());
    expect(Object.keys(await readAll(t.torchZip(state(parameter), { 0: sixFloats })))).toEqual(['w']);
  });
});

describe('a pickle that is a bomb is refused within moments:', () => {
  it.each<[string, Buffer, RegExp]>([
    ['empty dicts', t.pickle(Buffer.alloc(4_000_000, 0x7d)), /more than 1048576 steps/],
    ['memos', t.pickle([0x7d], Buffer.alloc(4_000_000, 0x94)), /more than 1048576 steps/],
    [
      'keys that double with each nesting',
      t.pickle(
        [0x7d],
        [0x29],
        ...Array.from({ length: 200 }, (_, at) => t.pickle([0x71, at], [0x68, at], [0x86])),
        t.int(1),
        [0x73],
      ),
      /the keys one that is no text, but no tensors/,
    ],
    ['a name without end', t.dict([t.str('x'.repeat(1_000_000)), t.int(1)]), /the keys x{80}…,/],
    ['a global without end', t.global('os', 'x'.repeat(1_000_000)), /refers to os\.x{77}…, which/],
    [
      'one long list made into many dicts',
      t.pickle(
        ...[[0x5d], [0x71, 0], t.MARK, Buffer.alloc(100_000, 0x4e), [0x65], t.MARK],
        ...Array.from({ length: 1000 }, () => t.pickle(t.global('torch', 'Size'), [0x68, 0], [0x85, 0x52])),
      ),
      /more than 1048576 steps/,
    ],
  ])('%s', { timeout: 5000 }, async (_what, value, message) => {
    const found = await refusal(t.torchZip(value, {}));
    expect(found).toMatch(message);
    expect(found.length).toBeLessThan(1000);
  });
});
