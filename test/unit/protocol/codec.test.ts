import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decode, encode, isRecord } from '../../../src/protocol/codec.ts';
import { MAX_VALUES } from '../../../src/protocol/limits.ts';
import { isPlain } from '../../../src/protocol/plain.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });

describe('encode', () => {
  it('writes plain MessagePack, byte for byte', () => {
    expect([...encode({ a: 1, b: { c: new Uint8Array([7, 8]) } })]).toEqual([
      0x82, 0xa1, 0x61, 0x01, 0xa1, 0x62, 0x81, 0xa1, 0x63, 0xc4, 0x02, 7, 8,
    ]);
  });

  it('leaves out keys whose value is undefined, at the top and one level below it', () => {
    expect(decode(encode({ a: undefined, b: { c: undefined, d: null } }))).toEqual({ b: { d: null } });
  });

  it('writes a time in ms as a number that comes back exactly', () => {
    const timestamp = 1_790_000_000_123;
    expect(decode(encode({ timestamp }))).toEqual({ timestamp });
  });

  it('gives every message memory of its own', () => {
    const first = encode({ n: 1 });
    encode({ n: 2 });
    expect(decode(first)).toEqual({ n: 1 });
  });
});

describe('decode', () => {
  it('gives binary as a view into the message, wherever the message begins', () => {
    const message = encode({ audio: new Uint8Array([1, 2, 3, 4]) });
    for (const offset of [0, 1, 3]) {
      const memory = new Uint8Array(message.byteLength + offset);
      memory.set(message, offset);
      const read = decode(memory.subarray(offset));
      if (!isRecord(read) || !(read['audio'] instanceof Uint8Array)) throw new Error('no audio');
      expect([...read['audio']]).toEqual([1, 2, 3, 4]);
      expect(read['audio'].buffer).toBe(memory.buffer);
    }
  });

  it('reads integers of 64 bits as numbers', () => {
    expect(decode(Uint8Array.of(0xcf, 0, 0, 0, 0, 0, 0, 0x3e, 0x80))).toBe(16_000);
    expect(decode(Uint8Array.of(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe))).toBe(-2);
  });

  it('reads what JavaScript clients pack for undefined as undefined', () => {
    expect(decode(new Packr({ useRecords: false }).pack({ voiceId: undefined }))).toEqual({
      voiceId: undefined,
    });
  });

  it('keeps a __proto__ key from touching any prototype', () => {
    const read = decode(
      Uint8Array.of(0x81, 0xa9, ...new TextEncoder().encode('__proto__'), 0x81, 0xa1, 0x78, 1),
    );
    expect(isRecord(read)).toBe(true);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('throws on a record, which the library would read', () => {
    const record = new Packr({ structures: [] }).pack({ eventType: 'x' });
    expect(() => decode(record)).toThrow('one plain MessagePack value is accepted');
  });

  it('goes on after every kind of broken message', () => {
    for (const bytes of [[], [0xc1], [0x81], [0xd4, 0x72, 0x40, 0x01], [0xdf, 255, 255, 255, 255]]) {
      expect(() => decode(Uint8Array.from(bytes))).toThrow();
      expect(decode(encode({ a: 1 }))).toEqual({ a: 1 });
    }
  });
});

describe('isPlain', () => {
  const values: readonly unknown[] = [
    null,
    true,
    false,
    ...[
      0,
      127,
      128,
      255,
      256,
      65_535,
      65_536,
      4_294_967_295,
      2 ** 40,
      -1,
      -32,
      -33,
      -129,
      -32_769,
      -(2 ** 40),
    ],
    ...[0.5, Number.NaN, Number.POSITIVE_INFINITY, 12n, -12n],
    ...[0, 31, 32, 255, 256, 65_535, 65_536].map((length) => 'a'.repeat(length)),
    ...[0, 255, 256, 65_535, 65_536].map((length) => new Uint8Array(length)),
    ...[0, 15, 16, 4000].map((length) => new Array(length).fill(1)),
    ...[0, 15, 16, 2000].map((n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i]))),
    { a: [{ b: [[[{ c: 'é€😀' }]]] }] },
  ];

  it.each(values.map((value) => [shown(value), value]))(
    'is true for a packed %s, and false without its last byte or with one more',
    (_, value) => {
      const bytes = packr.pack(value);
      expect(isPlain(bytes)).toBe(true);
      expect(isPlain(bytes.subarray(0, -1))).toBe(false);
      expect(isPlain(Uint8Array.of(...bytes.subarray(0, 70_000), 0xc0))).toBe(false);
    },
  );

  it.each([
    ['a date', new Date(0)],
    ['a set', new Set([1])],
    ['an error', new Error('x')],
    ['a regular expression', /x/],
    ['a typed array', new Int16Array(2)],
  ])('is false for the extension type of %s', (_, value) => {
    expect(isPlain(new Packr({ useRecords: false, moreTypes: true }).pack({ value }))).toBe(false);
  });

  it('is false for every extension token and the one never used', () => {
    for (const token of [0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8]) {
      expect(isPlain(Uint8Array.of(token, 1, ...new Uint8Array(40)))).toBe(false);
      expect(isPlain(Uint8Array.of(token, ...new Uint8Array(20).fill(2)))).toBe(false);
    }
  });

  it(`holds at most ${MAX_VALUES} values`, () => {
    const array = (length: number) => packr.pack(new Array(length).fill(1));
    expect(isPlain(array(MAX_VALUES - 1))).toBe(true);
    expect(isPlain(array(MAX_VALUES))).toBe(false);
    expect(isPlain(Uint8Array.of(...new Uint8Array(MAX_VALUES - 1).fill(0x91), 0xc0))).toBe(true);
    expect(isPlain(Uint8Array.of(...new Uint8Array(MAX_VALUES).fill(0x91), 0xc0))).toBe(false);
  });
});

describe('isRecord', () => {
  it('is true for maps only', () => {
    expect([{}, { a: 1 }].every(isRecord)).toBe(true);
    expect(
      [null, undefined, 1, 'a', [], new Uint8Array(1), new Map(), new Date(), Object.create(null)].some(
        isRecord,
      ),
    ).toBe(false);
  });
});

function shown(value: unknown): string {
  if (typeof value === 'string' || value instanceof Uint8Array) return `${typeof value} of ${value.length}`;
  if (Array.isArray(value)) return `array of ${value.length}`;
  if (typeof value === 'object' && value !== null) return `map of ${Object.keys(value).length}`;
  return String(value);
}
