import { describe, expect, it } from 'vitest';
import { forms, six, sixFloats, state, torchScratch } from './torch-scratch.js';
import * as t from './written-torch.js';

const { refusal } = torchScratch('pickle');

describe('a pickle that wants more than tensors is refused by name:', () => {
  it.each([
    ['os', 'system'],
    ['builtins', 'eval'],
    ['builtins', 'getattr'],
    ['torch', 'load'],
    ['torch._utils', '_rebuild_tensor_v3'],
    ['collections', 'Counter'],
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
