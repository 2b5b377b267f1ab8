import { randomUUID } from 'node:crypto';
import { Packr, Unpackr } from 'msgpackr';
import WebSocket from 'ws';
import { levelOf } from '../../src/local/script/spelled-listener.ts';

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false });
/** How long a test waits for a frame before it fails, in ms; never reached when things work. */
const PATIENCE_MS = 10_000;

export interface WireFrame {
  readonly eventType: string;
  readonly eventId: string;
  readonly sessionId: string;
  readonly requestType?: string;
  readonly payload: Record<string, unknown>;
}

type Match = string | ((frame: WireFrame) => boolean);

/** A client that knows only the wire: it sends frames and waits for frames. */
export class WireClient {
  readonly socket: WebSocket;
  readonly frames: WireFrame[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  #waiting: (() => void)[] = [];

  private constructor(url: string) {
    this.socket = new WebSocket(url);
    this.socket.binaryType = 'nodebuffer';
    this.socket.on('message', (data: Buffer) => {
      this.frames.push(unpackr.unpack(data));
      this.#wake();
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
      this.#wake();
    });
  }

  static async open(url: string): Promise<WireClient> {
    const client = new WireClient(url);
    await new Promise((resolve, reject) => {
      client.socket.once('open', resolve);
      client.socket.once('error', reject);
    });
    return client;
  }

  get sessionId(): string {
    return this.frames[0]?.sessionId ?? '';
  }

  /** Sends a request; returns its event id. */
  send(eventType: string, payload: unknown = {}, envelope: Readonly<Record<string, unknown>> = {}): string {
    const eventId = randomUUID();
    this.raw(packr.pack({ eventType, eventId, sessionId: this.sessionId, payload, ...envelope }));
    return String(envelope['eventId'] ?? eventId);
  }

  raw(data: Uint8Array | string): void {
    this.socket.send(data);
  }

  /** Starts the caller's audio and waits until it is acknowledged. */
  async start(payload: Readonly<Record<string, unknown>> = { samplingRate: 16_000 }): Promise<void> {
    const eventId = this.send('voicechat.audio.start', payload);
    await this.next((frame) => frame.eventId === eventId);
  }

  /** Sends PCM in chunks of `chunkMs`, as fast as it goes. */
  audio(pcm: Uint8Array, samplingRate = 16_000, chunkMs = 20): void {
    const bytes = Math.round((samplingRate * chunkMs) / 1000) * 2;
    for (let at = 0; at < pcm.byteLength; at += bytes) {
      this.send('voicechat.audio.chunk', { audio: pcm.subarray(at, at + bytes) });
    }
  }

  /** The first frame, from `from` on, that fits; waits for it when it has not come yet. */
  async next(match: Match, from = 0): Promise<WireFrame> {
    const fits = typeof match === 'string' ? (frame: WireFrame) => frame.eventType === match : match;
    const found = () => this.frames.slice(from).find(fits);
    await this.#until(() => found() !== undefined, String(match));
    return found() as WireFrame; // the wait has ended because it exists
  }

  all(eventType: string): readonly WireFrame[] {
    return this.frames.filter((frame) => frame.eventType === eventType);
  }

  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    await this.#until(() => this.closed !== undefined, 'the close');
    return this.closed ?? { code: 0, reason: '' };
  }

  close(code = 1000): void {
    this.socket.close(code);
  }

  async #until(done: () => boolean, what: string): Promise<void> {
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    while (!done()) {
      if (timeout.aborted) throw new Error(`no ${what} within ${PATIENCE_MS} ms; came: ${this.#came()}`);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        timeout.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  #came(): string {
    return this.frames
      .map(({ eventType, payload }) => `${eventType}${payload['code'] ? `(${payload['code']})` : ''}`)
      .join(' ');
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** Samples loud enough that scripted recognisers hear speech. */
export function loud(ms: number, samplingRate = 16_000): Uint8Array {
  const samples = new Int16Array(Math.round((ms * samplingRate) / 1000)).map((_, i) =>
    i % 2 === 0 ? 8000 : -8000,
  );
  return new Uint8Array(samples.buffer);
}

export function quiet(ms: number, samplingRate = 16_000): Uint8Array {
  return new Uint8Array(Math.round((ms * samplingRate) / 1000) * 2);
}

/** How long a spelled word lasts, and the gap behind it, in ms. */
const SPELLED_MS = { word: 240, gap: 60 } as const;

/** Speech whose words a scripted recogniser with this vocabulary hears: 300 ms each. */
export function spelled(text: string, vocabulary: readonly string[], samplingRate = 16_000): Uint8Array {
  const gap = quiet(SPELLED_MS.gap, samplingRate);
  const words = text.split(' ').flatMap((word) => {
    const level = levelOf(vocabulary.indexOf(word));
    const samples = new Int16Array((SPELLED_MS.word * samplingRate) / 1000).map((_, i) =>
      i % 2 === 0 ? level : -level,
    );
    return [new Uint8Array(samples.buffer), gap];
  });
  return Buffer.concat(words);
}
