import { MAX_VALUES } from './limits.ts';

/**
 * True for the bytes of exactly one MessagePack value made of plain types: nil, booleans, numbers, strings, binary,
 * arrays and maps. Of the extension types only the one that JavaScript clients write for `undefined` passes. Unassigned
 * tokens, lengths beyond the bytes, bytes left over and more than `MAX_VALUES` values make it false. It looks at every
 * value once and does not recurse.
 */
export function isPlain(bytes: Uint8Array): boolean {
  let at = 0;
  let awaited = 1;
  for (let count = 0; awaited > 0; count++) {
    const head = headAt(bytes, at);
    if (head === undefined || count === MAX_VALUES) return false;
    at += head.bytes;
    awaited += head.values - 1;
    if (at > bytes.byteLength || awaited > MAX_VALUES) return false;
  }
  return at === bytes.byteLength;
}

/** How many bytes a value takes without the values in it, and how many values are in it. */
interface Head {
  readonly bytes: number;
  readonly values: number;
}

/** Bytes after the token of the scalars: nil, false, true, float32/64, uint8..64, int8..64. */
const SCALAR_BYTES: Readonly<Record<number, number>> = {
  192: 0,
  194: 0,
  195: 0,
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
};

/** What is counted by the length behind the token of bin8/16/32, str8/16/32, array16/32 and map16/32, and the length's own bytes. */
const SIZED: Readonly<Record<number, readonly [size: number, counts: 'bytes' | 'items' | 'pairs']>> = {
  196: [1, 'bytes'],
  197: [2, 'bytes'],
  198: [4, 'bytes'],
  217: [1, 'bytes'],
  218: [2, 'bytes'],
  219: [4, 'bytes'],
  220: [2, 'items'],
  221: [4, 'items'],
  222: [2, 'pairs'],
  223: [4, 'pairs'],
};

/** The MessagePack specification's table of formats. */
function headAt(bytes: Uint8Array, at: number): Head | undefined {
  const token = bytes[at];
  if (token === undefined) return undefined;
  if (token < 0x80 || token >= 0xe0) return { bytes: 1, values: 0 };
  if (token < 0x90) return { bytes: 1, values: 2 * (token - 0x80) };
  if (token < 0xa0) return { bytes: 1, values: token - 0x90 };
  if (token < 0xc0) return { bytes: 1 + token - 0xa0, values: 0 };
  const scalar = SCALAR_BYTES[token];
  if (scalar !== undefined) return { bytes: 1 + scalar, values: 0 };
  const [size, counts] = SIZED[token] ?? [];
  if (size === undefined) return isUndefined(bytes, at) ? { bytes: 3, values: 0 } : undefined;
  const length = bigEndian(bytes, at + 1, size);
  if (counts === 'bytes') return { bytes: 1 + size + length, values: 0 };
  return { bytes: 1 + size, values: counts === 'pairs' ? 2 * length : length };
}

/** fixext 1 of type 0: what notepack and msgpackr pack for `undefined`. */
function isUndefined(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xd4 && bytes[at + 1] === 0;
}

function bigEndian(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = at; i < at + size; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}
