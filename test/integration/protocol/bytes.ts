/** MessagePack written by hand, in forms that a library would not choose. */
export type Bytes = readonly number[];

export function str(text: string): Bytes {
  const bytes = [...new TextEncoder().encode(text)];
  return [0xd9, bytes.length, ...bytes];
}

export function float64(value: number): Bytes {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return [0xcb, ...new Uint8Array(view.buffer)];
}

export function uint64(value: number): Bytes {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(value));
  return [0xcf, ...new Uint8Array(view.buffer)];
}

type Entries = Readonly<Record<string, Bytes>>;

export function map16(entries: Entries): Bytes {
  return [0xde, ...uint(Object.keys(entries).length, 2), ...pairs(entries)];
}

export function map32(entries: Entries): Bytes {
  return [0xdf, ...uint(Object.keys(entries).length, 4), ...pairs(entries)];
}

/** A request whose payload is written by hand. */
export function requestWith(eventType: string, eventId: string, payload: Bytes): Uint8Array {
  return Uint8Array.from(map16({ eventType: str(eventType), eventId: str(eventId), payload }));
}

/** fixext 4 of the types msgpackr gives to a value that is named (`i`) and to a pointer to it (`p`). */
const named = (id: number): Bytes => [0xd6, 0x69, ...uint(id, 4)];
const pointer = (id: number): Bytes => [0xd6, 0x70, ...uint(id, 4)];

/** A few hundred bytes that unfold, where pointers are followed, to 2^levels values. */
function laughs(levels: number): Bytes {
  const layers = Array.from({ length: levels }, (_, i) => [
    ...named(i),
    ...(i === 0 ? [0x91, 0x01] : [0x92, ...pointer(i - 1), ...pointer(i - 1)]),
  ]);
  return [0xdc, ...uint(levels, 2), ...layers.flat()];
}

const wellMeant = map16({ eventType: str('voicechat.call.end'), eventId: str('e') });
/** The keys of an envelope as a record definition, then one record of it. */
const record: Bytes = [
  0xd4,
  0x72,
  0x40,
  0x92,
  ...str('eventType'),
  ...str('eventId'),
  ...str('voicechat.call.end'),
  ...str('e'),
];

/** Frames that are no MessagePack, or none that this protocol knows, by what is wrong with them. */
export const hostileFrames: readonly (readonly [name: string, bytes: Bytes])[] = [
  ['nothing at all', []],
  ['the token that is never used', [0xc1]],
  ['a number', [0x2a]],
  ['nil', [0xc0]],
  ['a string', str('voicechat.audio.start')],
  ['an array', [0x93, 1, 2, 3]],
  ['random text', [...new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')]],
  ['a request and a byte behind it', [...wellMeant, 0xc0]],
  ['two requests in one frame', [...wellMeant, ...wellMeant]],
  ['half a request', wellMeant.slice(0, 30)],
  ['a map that declares 2^32-1 entries', [0xdf, 0xff, 0xff, 0xff, 0xff]],
  ['an array that declares 2^32-1 items', [0xdd, 0xff, 0xff, 0xff, 0xff]],
  [
    'nested arrays that each declare 65535 items',
    Array.from({ length: 3000 }, () => [0xdc, 0xff, 0xff]).flat(),
  ],
  ['a string that declares 4 GiB', [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
  ['binary that declares 4 GiB', [0xc6, 0xff, 0xff, 0xff, 0xff, 0x61]],
  ['arrays nested 60000 deep', [...Array.from({ length: 60_000 }, () => 0x91), 0xc0]],
  ['maps nested 20000 deep', [...Array.from({ length: 20_000 }, () => [0x81, 0xa1, 0x61]).flat(), 0xc0]],
  ['60000 empty maps', [0xdd, 0, 0, 0xea, 0x60, ...Array.from({ length: 60_000 }, () => 0x80)]],
  ['a record definition', record],
  [
    'the same record five times',
    [
      0x95,
      ...record,
      0x40,
      ...str('a'),
      ...str('b'),
      0x40,
      ...str('a'),
      ...str('b'),
      0x40,
      ...str('a'),
      ...str('b'),
      0x40,
      ...str('a'),
      ...str('b'),
    ],
  ],
  ['a record whose keys are no array', [0xd4, 0x72, 0x40, 0x01]],
  ['a timestamp', [0xd6, 0xff, 0, 0, 0, 1]],
  ['the undefined extension', [0xd4, 0x00, 0x00]],
  ['a regular expression', [0xc7, 1, 0x78, 0, 0x92, ...str('(a+)+$'), ...str('')]],
  ['an error', [0xc7, 1, 0x65, 0, 0x93, ...str('valueOf'), ...str('x'), 0xc0]],
  ['a set', [0xc7, 1, 0x73, 0, 0x91, 1]],
  ['a typed array', [0xc7, 5, 0x74, 5, 1, 0, 0, 0]],
  ['a bundle of strings with a negative size', [0xd6, 0x62, 0x80, 0, 0, 0]],
  ['an extension nobody knows', [0xc7, 1, 0x33, 0]],
  ['a value that contains itself', [...named(1), 0x91, ...pointer(1)]],
  ['pointers that unfold to 2^40 values', laughs(40)],
  ['pointers that unfold to 2^40 values, and a byte behind them', [...laughs(40), 0xc0]],
  ['a map with a map as key', [0x81, 0x80, 0x01]],
  [
    'a map with a __proto__ key',
    map16({ ['__proto__']: map16({ eventType: str('voicechat.call.end'), eventId: str('e') }) }),
  ],
  [
    'a map with a constructor key',
    map16({ constructor: map16({ prototype: map16({ eventType: str('voicechat.call.end') }) }) }),
  ],
];

function pairs(entries: Entries): Bytes {
  return Object.entries(entries).flatMap(([key, value]) => [...str(key), ...value]);
}

function uint(value: number, size: number): Bytes {
  return Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256);
}
