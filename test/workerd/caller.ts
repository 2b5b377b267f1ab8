import { exports } from 'cloudflare:workers';
import { decode, encode } from '../../src/protocol/codec.ts';
import type { Frame } from '../../src/protocol/replies.ts';

/** A client inside workerd, joined to the Worker under test. */
export class Caller {
  readonly frames: Frame[] = [];
  readonly #socket: WebSocket;
  #waiting: (() => void)[] = [];
  closeCode: number | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      this.frames.push(decode(new Uint8Array(data as ArrayBuffer)) as Frame); // the server sends nothing else
      this.#wake();
    });
    socket.addEventListener('close', ({ code }) => {
      this.closeCode = code;
      this.#wake();
    });
    socket.accept();
  }

  static async join(query = ''): Promise<Caller> {
    const request = new Request(`http://localhost/ws${query}`, { headers: { Upgrade: 'websocket' } });
    const { webSocket } = await exports.default.fetch(request);
    if (!webSocket) throw new Error('the upgrade was refused');
    return new Caller(webSocket);
  }

  get sessionId(): string {
    return this.frames[0]?.sessionId ?? '';
  }

  send(
    eventType: string,
    payload: Readonly<Record<string, unknown>> = {},
    eventId: string = crypto.randomUUID(),
  ): void {
    this.#socket.send(encode({ eventType, eventId, sessionId: this.sessionId, payload }));
  }

  /** Sends 20 ms chunks of a sound (or of silence), all at once. */
  speak(ms: number, level = 8000): void {
    const samples = new Int16Array(320).map((_, i) => (i % 2 === 0 ? level : -level));
    for (let sent = 0; sent < ms; sent += 20) {
      this.send('voicechat.audio.chunk', { audio: new Uint8Array(samples.buffer) });
    }
  }

  async next(eventType: string, count = 1): Promise<Frame> {
    const all = () => this.frames.filter((frame) => frame.eventType === eventType);
    while (all().length < count) await this.#change();
    return all()[count - 1] as Frame; // counted just above
  }

  async closed(): Promise<number> {
    while (this.closeCode === undefined) await this.#change();
    return this.closeCode;
  }

  hangUp(): void {
    this.#socket.close(1000, 'bye');
  }

  /** Leaves as a page does that is closed, or a connection that is lost. */
  drop(): void {
    this.#socket.close(1001, 'gone');
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
