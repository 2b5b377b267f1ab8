import { Packr, Unpackr } from 'msgpackr';
import { isPlain } from './plain.ts';

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

/** Plain MessagePack of a value. Keys whose value is `undefined` are left out, at the top and one level below it. */
export function encode(message: Readonly<Record<string, unknown>>): Uint8Array {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(message)) {
    if (value !== undefined) plain[key] = isRecord(value) ? defined(value) : value;
  }
  return packr.pack(plain);
}

/**
 * The value in one plain MessagePack message; binary fields are views into `bytes`. Throws on anything else: the
 * library itself reads extensions that build records, patterns and cyclic values, at a cost the sender does not share.
 */
export function decode(bytes: Uint8Array): unknown {
  if (!isPlain(bytes))
    throw new TypeError('frame: one plain MessagePack value is accepted, got something else');
  return unpackr.unpack(bytes);
}

/** True for a decoded map: an object that is neither an array, nor binary, nor an extension value. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function defined(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
