import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { now } from '../../src/local/wire/clock.ts';
import { FRAME_BYTES, sentAt } from './stamped-frame.ts';

/** A frame that came later than this after it was sent is late, in ms. */
const LATE_MS = 40;
/** After this many frames the recogniser says that it heard nothing: a second, as Deepgram does. */
const FRAMES_PER_RESULT = 50;
const NOTHING = JSON.stringify({
  type: 'Results',
  is_final: false,
  speech_final: false,
  from_finalize: false,
  channel: { alternatives: [{ transcript: '', confidence: 0, words: [] }] },
});

/** What came since the last look; times in ms. */
export interface Arrived {
  readonly frames: number;
  readonly late: number;
  readonly slowest: number;
}

/** A recogniser that costs next to nothing: it takes Deepgram's sockets, hears silence, and looks when frames come. */
export class Sink {
  readonly #server = createServer();
  readonly #sockets = new Set<WebSocket>();
  #arrived = { frames: 0, late: 0, slowest: 0 };

  static async open(): Promise<Sink> {
    const sink = new Sink();
    const sockets = new WebSocketServer({ server: sink.#server, perMessageDeflate: false });
    sockets.on('connection', (socket) => sink.#take(socket));
    await new Promise<void>((resolve) => sink.#server.listen(0, '127.0.0.1', resolve));
    return sink;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // a server that listens on TCP has one
    return `http://127.0.0.1:${port}`;
  }

  /** What came since the last call of it. */
  take(): Arrived {
    const arrived = this.#arrived;
    this.#arrived = { frames: 0, late: 0, slowest: 0 };
    return arrived;
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
    this.#server.close();
  }

  #take(socket: WebSocket): void {
    let frames = 0;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.terminate());
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) return;
      for (let at = 0; at + FRAME_BYTES <= data.byteLength; at += FRAME_BYTES) this.#look(data, at);
      frames += 1;
      if (frames % FRAMES_PER_RESULT === 0) socket.send(NOTHING);
    });
  }

  #look(data: Buffer, at: number): void {
    const delayMs = now() - sentAt(data, at);
    this.#arrived.frames += 1;
    if (delayMs > LATE_MS) this.#arrived.late += 1;
    if (delayMs > this.#arrived.slowest) this.#arrived.slowest = delayMs;
  }
}
