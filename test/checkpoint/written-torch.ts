/** Pickles and torch files by hand, right and wrong ones. */

type Part = number[] | Buffer;
export const pickle = (...parts: Part[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part)));
const le = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);

export const PROTO = [0x80, 2];
export const STOP = [0x2e];
export const MARK = [0x28];
export const NONE = [0x4e];
export const FALSE = [0x89];
export const int = (value: number): number[] => [0x4a, ...le(value >>> 0, 4)];
const long = (value: bigint, bytes = 12): number[] => [
  0x8a,
  bytes,
  ...Array.from({ length: bytes }, (_, i) =>
    Number((BigInt.asUintN(8 * bytes, value) >> BigInt(8 * i)) & 255n),
  ),
];
export const str = (text: string): Buffer =>
  pickle([0x58, ...le(Buffer.byteLength(text), 4)], Buffer.from(text));
export const global = (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`);
export const tuple = (...parts: Part[]): Buffer => pickle(MARK, ...parts, [0x74]);
export const call = (callable: Part, ...args: Part[]): Buffer => pickle(callable, tuple(...args), [0x52]);
export const dict = (...pairs: [Part, Part][]): Buffer => pickle([0x7d], MARK, ...pairs.flat(), [0x75]);

export interface WrittenTensor {
  key: string;
  /** `FloatStorage` unless said. */
  storage?: string;
  elements: number;
  offset?: number;
  shape: number[];
  stride: number[];
}

export function tensor({
  key,
  storage = 'FloatStorage',
  elements,
  offset = 0,
  shape,
  stride,
}: WrittenTensor): Buffer {
  const id = tuple(str('storage'), global('torch', storage), str(key), str('cpu'), int(elements), NONE);
  return call(
    global('torch._utils', '_rebuild_tensor_v2'),
    pickle(id, [0x51]),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...stride.map(int)),
    FALSE,
    call(global('collections', 'OrderedDict')),
  );
}

export const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

export interface ZipEntry {
  name: string;
  bytes: Buffer;
  method?: number;
  /** What the directory says, where it lies. */
  size?: number;
  offset?: number;
  /** Sizes and offset in the zip64 field. */
  zip64?: boolean;
}

export function zip(entries: ZipEntry[], { zip64 = false } = {}): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, method = 0, size = bytes.length, offset = at, zip64: wide = false } of entries) {
    const local = Buffer.from([
      ...[0x50, 0x4b, 3, 4, 0, 0, 0, 0, ...le(method, 2), ...le(0, 8)],
      ...[...le(bytes.length, 4), ...le(bytes.length, 4), ...le(name.length, 2), 5, 0],
    ]);
    // torch pads with an extra field, so that data begins at an even place.
    locals.push(local, Buffer.from(name), Buffer.from([0x46, 0x42, 1, 0, 0x5a]), bytes);
    const extra = wide ? [1, 0, 24, 0, ...le(size, 8), ...le(size, 8), ...le(offset, 8)] : [];
    const field = (value: number): number[] => (wide ? [255, 255, 255, 255] : le(value, 4));
    central.push(
      Buffer.from([
        ...[
          0x50,
          0x4b,
          1,
          2,
          0,
          0,
          0,
          0,
          0,
          0,
          ...le(method, 2),
          ...le(0, 8),
          ...field(size),
          ...field(size),
        ],
        ...[...le(name.length, 2), ...le(extra.length, 2), ...le(0, 10), ...field(offset)],
      ]),
      Buffer.from(name),
      Buffer.from(extra),
    );
    at += local.length + name.length + 5 + bytes.length;
  }
  const directory = Buffer.concat(central);
  const end64 = Buffer.from([
    ...[0x50, 0x4b, 6, 6, ...le(44, 8), 45, 0, 45, 0, ...le(0, 8)],
    ...[...le(entries.length, 8), ...le(entries.length, 8), ...le(directory.length, 8), ...le(at, 8)],
    ...[0x50, 0x4b, 6, 7, 0, 0, 0, 0, ...le(at + directory.length, 8), 1, 0, 0, 0],
  ]);
  const count = zip64 ? [255, 255] : le(entries.length, 2);
  const end = [
    ...[0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...count, ...count],
    ...(zip64 ? [255, 255, 255, 255, 255, 255, 255, 255] : [...le(directory.length, 4), ...le(at, 4)]),
    ...[0, 0],
  ];
  return Buffer.concat([...locals, directory, zip64 ? end64 : Buffer.alloc(0), Buffer.from(end)]);
}

export function torchZip(state: Part, data: Record<string, Buffer>, more: ZipEntry[] = []): Buffer {
  return zip([
    { name: 'archive/data.pkl', bytes: pickle(PROTO, state, STOP) },
    { name: 'archive/byteorder', bytes: Buffer.from('little') },
    ...Object.entries(data).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    ...more,
  ]);
}

/** The form before torch 1.6. `counts` are what stands before the values. */
export function torchLegacy(
  state: Part,
  data: Record<string, { count: number; bytes: Buffer }>,
  { magic = 0x1950a86a20f9469cfc6cn, protocol = 1001, little = [0x88] } = {},
): Buffer {
  return Buffer.concat([
    pickle(PROTO, long(magic), STOP),
    pickle(PROTO, int(protocol), STOP),
    pickle(PROTO, dict([str('protocol_version'), int(1001)], [str('little_endian'), little]), STOP),
    pickle(PROTO, state, STOP),
    pickle(PROTO, [0x5d], MARK, ...Object.keys(data).map(str), [0x65], STOP),
    ...Object.values(data).map(({ count, bytes }) => Buffer.concat([Buffer.from(le(count, 8)), bytes])),
  ]);
}
