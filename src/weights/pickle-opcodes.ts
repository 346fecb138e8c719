import type { PickleReader } from './pickle.js';
import { PickleDict, PickleExtra } from './pickle-values.js';

/** Ends a pickle; its value is on top of the stack. */
export const STOP = 0x2e;

type Opcode = (reader: PickleReader) => void;

const constant =
  (value: unknown): Opcode =>
  (r) =>
    r.push(value);

/**
 * Opcodes by their byte, as Python's `pickletools` lists them: those that torch.save writes for a dict of tensors
 * and plain values, in any protocol from 2 on. Every other one is refused, among them all that make objects of classes.
 */
export const OPCODES: Readonly<Record<number, Opcode>> = {
  // PROTO; FRAME, only a hint for reading ahead; MARK
  0x80: (r) => r.protocol(),
  0x95: (r) => void r.size64(),
  0x28: (r) => r.mark(),
  // NONE, NEWTRUE, NEWFALSE
  0x4e: constant(null),
  0x88: constant(true),
  0x89: constant(false),
  // BININT, BININT1, BININT2, LONG1, LONG4, BINFLOAT
  0x4a: (r) => r.push(r.i32()),
  0x4b: (r) => r.push(r.u8()),
  0x4d: (r) => r.push(r.u16()),
  0x8a: (r) => r.push(r.integer(r.u8())),
  0x8b: (r) => r.push(r.integer(r.u32())),
  0x47: (r) => r.push(r.f64()),
  // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8; Python 2's BINSTRING, SHORT_BINSTRING
  0x58: (r) => r.push(r.text(r.u32())),
  0x8c: (r) => r.push(r.text(r.u8())),
  0x8d: (r) => r.push(r.text(r.size64())),
  0x54: (r) => r.push(r.text(r.u32(), 'latin1')),
  0x55: (r) => r.push(r.text(r.u8(), 'latin1')),
  // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
  0x42: (r) => r.extra(r.u32()),
  0x43: (r) => r.extra(r.u8()),
  0x8e: (r) => r.extra(r.size64()),
  0x96: (r) => r.extra(r.size64()),
  // EMPTY_SET, ADDITEMS, FROZENSET
  0x8f: (r) => r.push(new PickleExtra()),
  0x90: (r) => void r.popMark(),
  0x91: (r) => {
    r.popMark();
    r.push(new PickleExtra());
  },
  // EMPTY_TUPLE, TUPLE1 … TUPLE3, TUPLE; EMPTY_LIST, LIST, APPEND, APPENDS
  0x29: (r) => r.push([]),
  0x85: (r) => r.popTuple(1),
  0x86: (r) => r.popTuple(2),
  0x87: (r) => r.popTuple(3),
  0x74: (r) => r.push(r.popMark()),
  0x5d: (r) => r.push([]),
  0x6c: (r) => r.push(r.popMark()),
  0x61: (r) => r.append(),
  0x65: (r) => r.append(r.popMark()),
  // EMPTY_DICT, DICT, SETITEM, SETITEMS
  0x7d: (r) => r.push(new PickleDict()),
  0x64: (r) => {
    const pairs = r.popMark();
    r.push(new PickleDict());
    r.setItems(pairs);
  },
  0x73: (r) => r.setItem(),
  0x75: (r) => r.setItems(r.popMark()),
  // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  0x71: (r) => r.remember(r.u8()),
  0x72: (r) => r.remember(r.u32()),
  0x94: (r) => r.remember(),
  0x68: (r) => r.recall(r.u8()),
  0x6a: (r) => r.recall(r.u32()),
  // GLOBAL, STACK_GLOBAL, REDUCE, BUILD, BINPERSID
  0x63: (r) => r.global(r.line(), r.line()),
  0x93: (r) => r.stackGlobal(),
  0x52: (r) => r.reduce(),
  0x62: (r) => r.build(),
  0x51: (r) => r.persistent(),
};
