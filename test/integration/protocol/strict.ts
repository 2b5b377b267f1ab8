import WebSocket from 'ws';

/** A caller's end that keeps every frame as it came and reads nothing but plain MessagePack. */
export class StrictWire {
  readonly socket: WebSocket;
  readonly frames: Record<string, unknown>[] = [];
  /** Whether every frame so far was binary. */
  binary = true;
  #problem: unknown;
  #look: () => void = () => {};

  /** `opened` runs in the very tick the socket opens. */
  constructor(url: string, opened: (socket: WebSocket) => void = () => {}) {
    this.socket = new WebSocket(url);
    this.socket.on('open', () => opened(this.socket));
    this.socket.on('message', (data: Buffer, isBinary) => {
      this.binary &&= isBinary;
      try {
        this.frames.push(readPlainMap(data));
      } catch (problem) {
        this.#problem = problem;
      }
      this.#look();
    });
  }

  /** Resolves when a frame of this type has come; rejects with the first frame that is not plain. */
  async until(eventType: string): Promise<Record<string, unknown>> {
    for (;;) {
      if (this.#problem !== undefined) throw this.#problem;
      const found = this.frames.find((frame) => frame['eventType'] === eventType);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}

/** Reads one MessagePack map by the specification alone; throws on extension types, repeated keys and bytes left over. */
export function readPlainMap(bytes: Uint8Array): Record<string, unknown> {
  const reader = new PlainReader(bytes);
  const value = reader.value();
  if (!reader.done) throw new Error('bytes are left over');
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new Error('a frame holds something else than a map');
  }
  return value as Record<string, unknown>; // only maps are left
}

class PlainReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  value(): unknown {
    const token = this.#unsigned(1);
    if (token < 0x80) return token;
    if (token < 0x90) return this.#map(token & 0x0f);
    if (token < 0xa0) return this.#array(token & 0x0f);
    if (token < 0xc0) return this.#text(token & 0x1f);
    if (token >= 0xe0) return token - 256;
    if (token >= 0xc4 && token <= 0xc6) return this.#take(this.#unsigned(2 ** (token - 0xc4)));
    if (token >= 0xcc && token <= 0xcf) return this.#unsigned(2 ** (token - 0xcc));
    if (token >= 0xd9 && token <= 0xdb) return this.#text(this.#unsigned(2 ** (token - 0xd9)));
    if (token === 0xdc || token === 0xdd) return this.#array(this.#unsigned(token === 0xdc ? 2 : 4));
    if (token === 0xde || token === 0xdf) return this.#map(this.#unsigned(token === 0xde ? 2 : 4));
    return this.#fixed(token);
  }

  #fixed(token: number): unknown {
    const at = this.#at;
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        this.#at += 4;
        return this.#view.getFloat32(at);
      case 0xcb:
        this.#at += 8;
        return this.#view.getFloat64(at);
      default:
        throw new Error(`token 0x${token.toString(16)} is not one of the plain types`);
    }
  }

  #map(pairs: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let i = 0; i < pairs; i++) {
      const key = this.value();
      if (typeof key !== 'string' || Object.hasOwn(map, key)) throw new Error(`${key} is no new text key`);
      map[key] = this.value();
    }
    return map;
  }

  #array(length: number): unknown[] {
    return Array.from({ length }, () => this.value());
  }

  #text(length: number): string {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#take(length));
  }

  #unsigned(size: number): number {
    return this.#take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  #take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.byteLength) throw new Error('the bytes end too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
