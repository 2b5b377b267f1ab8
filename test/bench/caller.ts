import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Packr, Unpackr } from 'msgpackr';
import WebSocket from 'ws';
import { now } from '../../src/local/wire/clock.ts';

/** Something the caller received, and when, on the clock of `now`. */
export interface Arrival {
  readonly at: number;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * `vantum` speaks the client protocol. `raw` is what a bare object understands: binary frames are audio both ways, a
 * text frame of the caller is a typed turn and one of the agent says that all was sent.
 */
export type CallerWire = 'vantum' | 'raw';

type Match = string | ((arrival: Arrival) => boolean);

/** How long anything may take, in ms; never reached when things work. */
const PATIENCE_MS = 20_000;
/** Larger frames carry audio: 100 ms at 24 kHz are 4800 bytes. */
const AUDIO_FRAME_BYTES = 1000;

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });

/** One caller's socket, with the time of everything that comes over it. */
export class Caller {
  readonly arrivals: Arrival[] = [];
  readonly #socket: WebSocket;
  readonly #wire: CallerWire;
  #sessionId = '';
  #wake: () => void = () => {};
  #chunks = 0;
  #onlyCounts = false;

  private constructor(url: string, wire: CallerWire) {
    this.#wire = wire;
    // Masking with zeros leaves the bytes as they are, which spares the load generator their copy.
    this.#socket = new WebSocket(url, {
      perMessageDeflate: false,
      generateMask: (mask) => void mask.fill(0),
    });
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
  }

  static async open(url: string, wire: CallerWire): Promise<Caller> {
    const caller = new Caller(url, wire);
    await new Promise((resolve, reject) => {
      caller.#socket.once('open', resolve);
      caller.#socket.once('error', reject);
    });
    return caller;
  }

  /** Chunks of audio received so far. */
  get chunks(): number {
    return this.#chunks;
  }

  /** Sends a request; the raw wire knows audio and typed turns only and leaves out the rest. */
  send(eventType: string, payload: Readonly<Record<string, unknown>> = {}): void {
    const frame = this.framed(eventType, payload);
    if (frame !== undefined) this.raw(frame);
  }

  raw(frame: Uint8Array | string): void {
    this.#socket.send(frame);
  }

  /** One frame of the caller's microphone. */
  audio(frame: Uint8Array): void {
    this.send('voicechat.audio.chunk', { audio: frame });
  }

  framed(eventType: string, payload: Readonly<Record<string, unknown>>): Uint8Array | string | undefined {
    if (this.#wire === 'vantum') {
      return packr.pack({ eventType, eventId: randomUUID(), sessionId: this.#sessionId, payload });
    }
    if (eventType === 'voicechat.audio.chunk') return payload['audio'] as Uint8Array; // all callers send bytes
    return eventType === 'voicechat.text.input' ? String(payload['text']) : undefined;
  }

  /** The first arrival, from `from` on, that fits; waits for it. Rejects after 20 s, or `patienceMs`. */
  async next(match: Match, from = 0, patienceMs = PATIENCE_MS): Promise<Arrival> {
    const arrival = await this.maybe(match, from, patienceMs);
    if (arrival !== undefined) return arrival;
    const came = this.arrivals.slice(from).map(({ type }) => type);
    throw new Error(`no ${String(match)} came within ${patienceMs} ms; came: ${came.slice(-20).join(' ')}`);
  }

  /** As `next`, but `undefined` when it does not come in time. Rejects when the call ends. */
  async maybe(match: Match, from: number, patienceMs: number): Promise<Arrival | undefined> {
    const fits = typeof match === 'string' ? (arrival: Arrival) => arrival.type === match : match;
    const deadline = now() + patienceMs;
    let at = from;
    for (;;) {
      for (; at < this.arrivals.length; at++) {
        const arrival = this.arrivals[at];
        if (arrival !== undefined && fits(arrival)) return arrival;
      }
      if (this.#socket.readyState !== WebSocket.OPEN)
        throw new Error(`the call ended while waiting for ${match}`);
      if (now() >= deadline) return undefined;
      await this.#news(deadline - now());
    }
  }

  /** From now on arrivals are counted and not kept. */
  onlyCount(): void {
    this.#onlyCounts = true;
    this.arrivals.length = 0;
  }

  close(): void {
    this.#socket.close(1000);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    const at = now();
    if (data.byteLength > AUDIO_FRAME_BYTES) this.#chunks += 1;
    if (this.#onlyCounts) return;
    const { type, payload } = this.#read(data, isBinary);
    this.arrivals.push({ at, type, payload });
    const wake = this.#wake;
    this.#wake = () => {};
    wake();
  }

  #read(data: Buffer, isBinary: boolean): { type: string; payload: Record<string, unknown> } {
    if (this.#wire === 'raw') {
      return isBinary
        ? { type: 'voicechat.response.chunk', payload: { audio: data } }
        : { type: `voicechat.response.${data}`, payload: {} };
    }
    const { eventType, sessionId, payload } = unpackr.unpack(data);
    this.#sessionId = sessionId;
    return { type: eventType, payload };
  }

  /** Resolves with the next arrival, or when the time is over. */
  #news(patienceMs: number): Promise<void> {
    const quiet = new AbortController();
    const before = this.#wake;
    const arrived = new Promise<void>((resolve) => {
      this.#wake = () => {
        before();
        resolve();
      };
    });
    const over = sleep(patienceMs, undefined, { signal: quiet.signal }).catch(() => undefined);
    return Promise.race([arrived, over]).finally(() => quiet.abort());
  }
}
