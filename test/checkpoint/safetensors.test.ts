import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { CheckpointError } from 'ipu-pipeline';
import { SafetensorsFile } from 'ipu-pipeline/models';
import { describe, expect, it } from 'vitest';
import { f32, headerOf, safetensorsBytes, scratch, writeSafetensors } from './written-files.js';

const files = scratch('safetensors');

/** Opens a file that must be refused; gives the message. */
async function refusal(bytes: Uint8Array, name = 'bad.safetensors'): Promise<string> {
  const path = files.path(name);
  await writeFile(path, bytes);
  return refusalOf(path);
}

async function refusalOf(path: string): Promise<string> {
  const error: unknown = await SafetensorsFile.open(path).then(
    (file) => file.close(),
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as CheckpointError).exitCode).toBe(2);
  expect((error as Error).message).toContain(path);
  return (error as Error).message;
}

const entry = (begin: number, end: number, more = {}): unknown => ({
  dtype: 'F32',
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
  ...more,
});
const withHeader = (header: object | string, dataBytes: number): Buffer =>
  safetensorsBytes(typeof header === 'string' ? header : JSON.stringify(header), Buffer.alloc(dataBytes));

describe('a safetensors file', () => {
  it('that is wrong is quoted no further than the beginnings of its names and values', async () => {
    const long = 'x'.repeat(100_000);
    const cases = [
      { [long]: entry(0, 8) },
      { w: entry(0, 4, { dtype: long }) },
      { w: entry(0, 4, { shape: Array.from({ length: 50_000 }, () => 1), data_offsets: [0, 8] }) },
      { [long]: entry(0, 4), v: entry(0, 4) },
    ];
    for (const header of cases) expect((await refusal(withHeader(header, 4))).length).toBeLessThan(600);
  });

  it('gives each tensor, whatever the order, the names and the shapes', async () => {
    const path = files.path('good.safetensors');
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((name) => name !== '__metadata__' && name !== '__proto__'),
          fc.array(fc.float({ noDefaultInfinity: true }), { maxLength: 20 }),
          { maxKeys: 8 },
        ),
        async (tensors) => {
          await writeSafetensors(
            path,
            Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, f32([x.length], x)])),
          );
          const file = await SafetensorsFile.open(path);
          expect([...file.entries.keys()].sort()).toEqual(Object.keys(tensors).sort());
          for (const [name, values] of Object.entries(tensors)) {
            const read = await file.tensor(name);
            expect(read).toEqual(Float32Array.from(values));
            expect(read.buffer.byteLength).toBe(4 * values.length);
          }
          await file.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  it('may have padding after the header, metadata, scalars, empty tensors and ranges in any order', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      b: { dtype: 'F32', shape: [], data_offsets: [8, 12] },
      none: { dtype: 'F32', shape: [0, 3], data_offsets: [8, 8] },
      a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
    };
    const data = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
    await writeFile(files.path('a.safetensors'), safetensorsBytes(`${JSON.stringify(header)}   `, data));
    const file = await SafetensorsFile.open(files.path('a.safetensors'));
    expect([...(await file.tensor('b'))]).toEqual([3]);
    expect([...(await file.tensor('a'))]).toEqual([1, 2]);
    expect([...(await file.tensor('none'))]).toEqual([]);
    await expect(file.tensor('c')).rejects.toThrow(/no tensor c/);
    await file.close();
  });

  it('widens F16 and BF16 exactly and rounds F64 once, also past one buffer', async () => {
    const path = files.path('dtypes.safetensors');
    const halves = Uint16Array.of(0x3c00, 0x8000, 0x0001, 0x83ff, 0x7bff, 0x7c00, 0xfc00, 0x3555);
    const bfloats = Uint16Array.of(0x3f80, 0x8000, 0x0001, 0x7f80, 0xff80, 0x4049);
    const many = Uint16Array.from({ length: 5_000_001 }, (_, i) => i & 0x7bff);
    await writeSafetensors(path, {
      half: { dtype: 'F16', shape: [8], bytes: new Uint8Array(halves.buffer) },
      bfloat: { dtype: 'BF16', shape: [2, 3], bytes: new Uint8Array(bfloats.buffer) },
      double: { dtype: 'F64', shape: [3], bytes: new Uint8Array(Float64Array.of(0.1, -0, 1e300).buffer) },
      many: { dtype: 'F16', shape: [5_000_001], bytes: new Uint8Array(many.buffer) },
      indices: { dtype: 'I64', shape: [1], bytes: new Uint8Array(8) },
    });
    const file = await SafetensorsFile.open(path);
    expect([...(await file.tensor('half'))]).toEqual([
      ...[1, -0, 2 ** -24, -1023 * 2 ** -24, 65504, Infinity, -Infinity, 0.333251953125],
    ]);
    const pi = 3.140625;
    expect([...(await file.tensor('bfloat'))]).toEqual([1, -0, 2 ** -133, Infinity, -Infinity, pi]);
    expect([...(await file.tensor('double'))]).toEqual([Math.fround(0.1), -0, Infinity]);
    const widened = await file.tensor('many');
    const expected = (bits: number): number => {
      const exponent = bits >> 10;
      return exponent ? 2 ** (exponent - 15) * (1 + (bits & 1023) / 1024) : (bits & 1023) * 2 ** -24;
    };
    expect(widened.findIndex((value, i) => value !== expected(many[i]!))).toBe(-1);
    expect(await file.stored('half')).toEqual({ dtype: 'float16', bytes: new Uint8Array(halves.buffer) });
    expect(await file.stored('indices')).toEqual({ dtype: 'int64', bytes: new Uint8Array(8) });
    await expect(file.stored('c')).rejects.toThrow(/no tensor c/);
    await expect(file.tensor('indices')).rejects.toThrow(
      /indices has the dtype I64; weights must be F32, F16/,
    );
    await file.close();
  });

  it('says so when it becomes shorter while it is open', async () => {
    const path = files.path('shrinks.safetensors');
    await writeSafetensors(path, { a: f32([4], [1, 2, 3, 4]), b: f32([4], [5, 6, 7, 8]) });
    const file = await SafetensorsFile.open(path);
    expect([...(await file.tensor('b'))]).toEqual([5, 6, 7, 8]);
    await truncate(path, 40);
    await expect(file.tensor('b')).rejects.toThrow(/shrinks.* ended at byte .*tensor b.*shorter/);
    await file.close();
  });
});

describe('a damaged safetensors file is refused:', () => {
  it('every truncation, with the size it has', async () => {
    const tensors = { 'a.weight': f32([2, 2], [1, 2, 3, 4]), 'b.bias': f32([3], [5, 6, 7]) };
    const whole = safetensorsBytes(
      JSON.stringify(headerOf(tensors)),
      Buffer.concat(Object.values(tensors).map(({ bytes }) => bytes)),
    );
    for (let size = 0; size < whole.length; size++) {
      const message = await refusal(whole.subarray(0, size));
      expect(message).toContain('truncated');
      expect(message).toContain(size < whole.length - 28 ? `has ${size} bytes` : `the file has ${size} (`);
    }
    expect(await refusal(whole.subarray(0, whole.length - 3))).toContain(`describes ${whole.length} bytes`);
  });

  it.each([100_000_001n, 2n ** 40n, 2n ** 63n, 2n ** 64n - 1n])('header length %s', async (length) => {
    const message = await refusal(safetensorsBytes('{}', Buffer.alloc(0), length));
    expect(message).toContain(`${length} bytes, more than the format's limit of 100000000`);
  });

  it.each([
    ['', /begins with "".*must begin with "\{"/],
    ['[]', /begins with "\["/],
    [' {}', /begins with " "/],
    ['{"a": }', /not valid JSON.*line 1, column 7/],
    ['{"a": 1', /not valid JSON/],
    ['{}\u0000', /not valid JSON/],
    [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), /not UTF-8/],
    ['{"a":1,"b":{"dtype":"F32","dtype":"F16"},"c":2}', /"dtype" twice/],
    [
      JSON.stringify({ __metadata__: { n: 1 } }),
      /__metadata__ must be an object of strings, it is \{"n":1\}/,
    ],
    [JSON.stringify({ __metadata__: 'pt' }), /__metadata__/],
  ])('header %j', async (header, message) => {
    expect(await refusal(safetensorsBytes(header, Buffer.alloc(0)))).toMatch(message);
  });

  it('nesting without end', async () => {
    for (const text of [`{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, `{"a":${'['.repeat(50_000)}`]) {
      const message = await refusal(withHeader(text, 0));
      expect(message.length).toBeLessThan(1000);
    }
  });

  it('a name that is there twice', async () => {
    const text = `{"w":${JSON.stringify(entry(0, 4))},\n "\\u0077":${JSON.stringify(entry(4, 8))}}`;
    expect(await refusal(withHeader(text, 8))).toMatch(/"w" twice .*line 2, column 2/);
  });

  it.each([
    ['not an object', [], /tensor w is \[\] in the header/],
    ['null', null, /tensor w is null/],
    ['no dtype', entry(0, 4, { dtype: undefined }), /tensor w has the dtype missing .*one of BOOL/],
    [
      'an unknown dtype',
      entry(0, 4, { dtype: 'F33' }),
      /tensor w has the dtype F33, it must be one of .*BF16/,
    ],
    ['a dtype from the prototype', entry(0, 4, { dtype: 'toString' }), /dtype toString/],
    ['no shape', entry(0, 4, { shape: undefined }), /tensor w has the shape missing/],
    ['a negative size', entry(0, 4, { shape: [-1] }), /tensor w has the shape \[-1\]/],
    ['half an element', entry(0, 4, { shape: [0.5] }), /tensor w has the shape \[0.5\]/],
    ['sizes as text', entry(0, 4, { shape: ['1'] }), /tensor w has the shape \["1"\]/],
    ['an absurd shape', entry(0, 4, { shape: [2 ** 40, 2 ** 40] }), /tensor w of shape .* absurdly large/],
    ['no offsets', entry(0, 4, { data_offsets: undefined }), /tensor w has the data_offsets missing/],
    ['one offset', entry(0, 4, { data_offsets: [0] }), /tensor w has the data_offsets \[0\]/],
    ['three offsets', entry(0, 4, { data_offsets: [0, 4, 8] }), /data_offsets \[0,4,8\]/],
    ['a negative offset', entry(0, 4, { data_offsets: [-4, 0] }), /data_offsets \[-4,0\]/],
    ['offsets turned round', entry(0, 4, { data_offsets: [4, 0] }), /range 4 … 0/],
    ['offsets past 2^53', entry(0, 4, { data_offsets: [0, 2 ** 60] }), /data_offsets/],
    ['too many bytes', entry(0, 4, { shape: [2] }), /\[2\] and dtype F32 has 8 bytes.*0 … 4 \(4 bytes\)/],
    ['half bytes', entry(0, 4, { dtype: 'F4', shape: [7] }), /has 3.5 bytes/],
  ])('a tensor with %s', async (_what, value, message) => {
    expect(await refusal(withHeader({ w: value }, 4))).toMatch(message);
  });

  it('ranges that overlap, leave a hole, or leave bytes over', async () => {
    const overlap = { first: entry(0, 8), second: entry(4, 12) };
    expect(await refusal(withHeader(overlap, 12))).toMatch(
      /second begins at byte 4 .*overlaps with tensor first.*8/,
    );
    const same = { first: entry(0, 8), second: entry(0, 8) };
    expect(await refusal(withHeader(same, 8))).toMatch(/overlaps/);
    const hole = { first: entry(0, 8), second: entry(12, 16) };
    expect(await refusal(withHeader(hole, 16))).toMatch(
      /second begins at byte 12 .*hole after tensor first.*8/,
    );
    const late = { first: entry(4, 8) };
    expect(await refusal(withHeader(late, 8))).toMatch(/first begins at byte 4 .*hole after the header/);
    expect(await refusal(withHeader({ first: entry(0, 8) }, 13))).toMatch(/5 bytes belong to no tensor/);
    expect(await refusal(withHeader({}, 1))).toMatch(/1 bytes belong to no tensor/);
  });

  it('a Git LFS pointer, by name', async () => {
    const pointer = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n');
    expect(await refusal(pointer)).toMatch(/Git LFS pointer/);
  });

  it('no file, a directory, a pipe', async () => {
    expect(await refusalOf(files.path('none.safetensors'))).toMatch(/there is no such file/);
    await mkdir(files.path('dir.safetensors'));
    expect(await refusalOf(files.path('dir.safetensors'))).toMatch(/no regular file/);
    execFileSync('mkfifo', [files.path('pipe.safetensors')]);
    expect(await refusalOf(files.path('pipe.safetensors'))).toMatch(/no regular file/);
  });

  it('whatever bytes stand in it: a refusal or a file, never another error', async () => {
    const tensors = { a: f32([2, 2], [1, 2, 3, 4]), b: f32([1], [5]) };
    const good = safetensorsBytes(
      JSON.stringify(headerOf(tensors)),
      Buffer.concat(Object.values(tensors).map(({ bytes }) => bytes)),
    );
    const path = files.path('mutated.safetensors');
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        await writeFile(path, bytes);
        try {
          const file = await SafetensorsFile.open(path);
          for (const name of file.entries.keys()) await file.tensor(name).catch(mustBeCheckpointError);
          await file.close();
        } catch (error) {
          mustBeCheckpointError(error);
        }
      }),
      { numRuns: 400 },
    );
  });
});

function mustBeCheckpointError(error: unknown): void {
  expect(error).toBeInstanceOf(CheckpointError);
}
