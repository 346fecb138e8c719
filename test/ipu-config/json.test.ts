import fc from 'fast-check';
import { PythonFloat, parseJson, pythonRepr as repr } from 'ipu-pipeline/config';
import { toPython, fromPython } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { thrown } from './thrown.js';
import { textsOf } from '../texts-of.js';

describe('parsing JSON', () => {
  it('keeps ints, floats and the order of keys apart', () => {
    const { value } = parseJson('{"b": 4, "1": 4.0, "a": [1e2, 0.5, -3, true, null, "x"]}');
    expect(repr(value)).toBe("{'b': 4, '1': 4.0, 'a': [100.0, 0.5, -3, True, None, 'x']}");
    expect(fromPython(value)).toEqual({ b: 4, 1: 4, a: [100, 0.5, -3, true, null, 'x'] });
    expect(repr(parseJson('123456789012345678901234567890').value)).toBe('123456789012345678901234567890');
  });

  it('tells line and column of the first mistake', () => {
    const mistake = (text: string): string => thrown(() => parseJson(text, 'my.json'));
    expect(mistake('{"a": 1,\n "b": 2,\n}')).toBe(
      'JSONDecodeError: my.json is not valid JSON: line 3 column 1: expected a key in double quotes' +
        ' (a comma before the closing brace is not allowed).',
    );
    expect(mistake('{"a" 1}')).toContain('line 1 column 6: expected a colon');
    expect(mistake('[1 2]')).toContain('line 1 column 4: expected a comma');
    expect(mistake('{"a": 1')).toContain('line 1 column 8: expected a closing brace');
    expect(mistake('')).toContain('line 1 column 1: expected a value');
    expect(mistake('{} // done')).toContain('line 1 column 4: comments are not allowed');
    expect(mistake("{'a': 1}")).toContain('line 1 column 2');
    expect(mistake('{"a": NaN}')).toContain('line 1 column 7');
    expect(mistake('"a\nb"')).toContain('line 1 column 1: this string does not end');
    expect(mistake('['.repeat(100_000))).toContain('nested more than 100 deep');
  });

  it('warns of a key that stands twice and takes the last', () => {
    const { value, warnings } = parseJson('{"a": 1,\n  "a": 2}', 'f');
    expect(fromPython(value)).toEqual({ a: 2 });
    expect(textsOf(warnings)).toEqual([
      'f, line 2, column 3: "a" stands twice in one object; the last value counts.',
    ]);
  });

  it('accepts exactly what JSON.parse accepts, with the same values', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-0.5',
      'true',
      'null',
      ' ',
      '01',
      "'",
    );
    const broken = fc.array(pieces, { maxLength: 9 }).map((parts) => parts.join(''));
    const sound = fc.jsonValue().map((value) => JSON.stringify(value, null, 1));
    fc.assert(
      fc.property(fc.oneof(broken, sound), (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expect(thrown(() => parseJson(text))).toContain('JSONDecodeError');
          return;
        }
        expect(fromPython(parseJson(text).value)).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
      { numRuns: 500 },
    );
  });
});

describe('repr', () => {
  it('prints values as Python does', () => {
    const printed = (value: unknown): string => repr(toPython(value));
    expect([0.1, 1e-5, 1.5e-7, 1e22, 123456.75, 0.0001, -2.5].map(printed)).toEqual([
      '0.1',
      '1e-05',
      '1.5e-07',
      '10000000000000000000000',
      '123456.75',
      '0.0001',
      '-2.5',
    ]);
    expect(repr(new PythonFloat(1e16))).toBe('1e+16');
    expect(repr(new PythonFloat(1e15))).toBe('1000000000000000.0');
    expect(repr(new PythonFloat(-0))).toBe('-0.0');
    expect(repr(new PythonFloat(Infinity))).toBe('inf');
    expect([true, null, undefined, 7, -0].map(printed)).toEqual(['True', 'None', 'None', '7', '0']);
    expect(printed("it's")).toBe('"it\'s"');
    expect(printed('"it\'s"\n\\\u0007é\u200b')).toBe(`'"it\\'s"\\n\\\\\\x07é\\u200b'`);
    expect(printed([1, [2.5], { k: 'v' }, {}])).toBe("[1, [2.5], {'k': 'v'}, {}]");
  });

  it('reads back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(Number(repr(new PythonFloat(x)))).toBe(x);
      }),
    );
  });
});
