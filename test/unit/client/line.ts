import { v7 as uuidv7 } from 'uuid';
import type { Socket } from '../../../src/client/connection.ts';
import type { Incoming } from '../../../src/client/incoming.ts';
import type { Surroundings } from '../../../src/client/surroundings.ts';
import { Wire } from '../../../src/client/wire.ts';
import { decode, encode } from '../../../src/protocol/codec.ts';

const SESSION = '01900000-0000-7000-8000-00000000000a';
const SILENT_ACK = {
  success: true,
  providers: { stt: 'local', llm: 'local', tts: 'local' },
  voices: [],
  version: '0',
};

/** A wire on a virtual clock, and the far end of every socket it opens. */
export class Line {
  now = 0;
  /** What the wire has told, in words; events by their type. */
  readonly told: string[] = [];
  readonly received: Incoming[] = [];
  readonly sockets: FarEnd[] = [];
  /** When each socket was opened, in ms. */
  readonly openedAt: number[] = [];
  /** The URLs whose status was asked for. */
  readonly asked: URL[] = [];
  /** What the next questions are answered. */
  status: number | undefined | Promise<number>;
  readonly wire: Wire;
  #wake: (() => void) | undefined;
  #timer: { readonly at: number; readonly then: () => void } | undefined;

  constructor() {
    const tell = (words: string) => () => void this.told.push(words);
    this.wire = new Wire(
      (back) => new URL(`ws://agent/ws?${new URLSearchParams({ ...back })}`),
      {
        open: (returning) => {
          this.told.push(returning ? 'open again' : 'open');
          this.wire.send('voicechat.audio.start', { samplingRate: 16_000 });
        },
        receive: (incoming) => {
          this.received.push(incoming);
          this.told.push(incoming.eventType);
        },
        unreadable: tell('unreadable'),
        lost: tell('lost'),
        resumed: tell('resumed'),
        ask: () => {
          this.told.push('ask');
          this.wire.send('voicechat.audio.start', { samplingRate: 16_000 });
        },
        close: (why) => this.told.push(`end: ${why}`),
      },
      this.#surroundings,
    );
  }

  /** A line whose call has begun. */
  static begun(resumeToken = 'token'): Line {
    const line = new Line();
    line.socket.open();
    line.socket.ack({ resumeToken });
    line.told.length = 0;
    return line;
  }

  /** The newest socket. */
  get socket(): FarEnd {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }

  /** Lets time pass, timer by timer. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    while (this.#timer !== undefined && this.#timer.at <= until) {
      const { at, then } = this.#timer;
      this.#timer = undefined;
      this.now = at;
      then();
      await Promise.resolve();
      await Promise.resolve();
    }
    this.now = until;
  }

  get sleeps(): boolean {
    return this.#timer === undefined && this.#wake === undefined;
  }

  /** The network comes back. */
  wake(): void {
    this.#wake?.();
  }

  get #surroundings(): Surroundings {
    return {
      connect: (url) => {
        const socket = new FarEnd(url);
        this.sockets.push(socket);
        this.openedAt.push(this.now);
        return socket;
      },
      status: (url) => {
        this.asked.push(url);
        return Promise.resolve(this.status);
      },
      now: () => this.now,
      wait: (ms, then) => {
        const timer = { at: this.now + ms, then };
        this.#timer = timer;
        return () => {
          if (this.#timer === timer) this.#timer = undefined;
        };
      },
      watch: (woken) => {
        this.#wake = woken;
        return () => {
          this.#wake = undefined;
        };
      },
    };
  }
}

/** A socket as the wire sees it, and the server's hand on it. */
export class FarEnd implements Socket {
  binaryType: BinaryType = 'blob';
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  bufferedAmount = 0;
  /** Nothing leaves any more. */
  stuck = false;
  readonly url: URL;
  /** What has come, in order: audio as its first byte, everything else by its event type. */
  readonly sent: (string | number)[] = [];
  readonly frames: Record<string, unknown>[] = [];
  closedWith: number | undefined;

  constructor(url: URL) {
    this.url = url;
  }

  send(data: Parameters<Socket['send']>[0]): void {
    // The wire sends nothing but the bytes of its codec.
    const bytes = data as Uint8Array;
    if (this.stuck) this.bufferedAmount += bytes.byteLength;
    const frame = decode(bytes) as { eventType: string; payload: Record<string, unknown> };
    this.frames.push({ ...frame });
    const audio = frame.payload['audio'];
    this.sent.push(audio instanceof Uint8Array ? (audio[0] ?? 0) : frame.eventType);
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  open(): void {
    this.onopen?.call(globalThis as never, {} as Event);
  }

  ack(payload: Readonly<Record<string, unknown>>, sessionId = SESSION): void {
    this.tell('connection.ack', { ...SILENT_ACK, ...payload }, uuidv7(), sessionId);
  }

  tell(
    eventType: string,
    payload: Readonly<Record<string, unknown>>,
    eventId = uuidv7(),
    sessionId = SESSION,
  ): void {
    const bytes = encode({ eventType, eventId, sessionId, payload });
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    // Handlers of the wire look at nothing but the data, and at the code of a close.
    this.onmessage?.call(globalThis as never, { data } as MessageEvent);
  }

  lose(code = 1006): void {
    this.onclose?.call(globalThis as never, { code } as CloseEvent);
  }
}
