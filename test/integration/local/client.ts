import { WebSocket } from 'ws';

/** A server's JSON frame. */
export type Frame = Readonly<Record<string, unknown>>;

interface Opening {
  readonly headers?: Record<string, string>;
  readonly protocols?: string[];
}

/** A plain WebSocket client that keeps what comes, so that a test waits for messages and never for time. */
export class Client {
  readonly socket: WebSocket;
  readonly headers: Record<string, string | string[] | undefined>;
  /** Everything received, as text. */
  readonly texts: string[] = [];
  readonly frames: Frame[] = [];
  /** Code 1006 when the connection just went away. */
  readonly closed: Promise<{ code: number; reason: string }>;
  #taken = 0;
  #wake: () => void = () => undefined;

  constructor(socket: WebSocket, headers: Record<string, string | string[] | undefined>) {
    this.socket = socket;
    this.headers = headers;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
    socket.on('error', () => undefined);
  }

  /** `url` may be http; rejects when the upgrade is refused. */
  static open(url: string, { headers = {}, protocols = [] }: Opening = {}): Promise<Client> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers });
    return new Promise((resolve, reject) => {
      let client: Client | undefined;
      socket.on('upgrade', (response) => {
        client = new Client(socket, response.headers);
      });
      socket.on('message', (data) => client?.receive(String(data)));
      socket.on('open', () => (client ? resolve(client) : reject(new Error('open without upgrade'))));
      socket.on('unexpected-response', (_, response) =>
        reject(new Error(`refused with ${response.statusCode}`)),
      );
      socket.on('error', reject);
    });
  }

  /** The answer to an upgrade that is refused. */
  static refusal(
    url: string,
    { headers = {}, protocols = [] }: Opening = {},
  ): Promise<{ status: number; headers: Record<string, unknown>; body: unknown }> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), protocols, { headers });
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => {
        socket.terminate();
        reject(new Error('the upgrade was not refused'));
      });
      socket.on('unexpected-response', (_, response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(text) }),
        );
      });
    });
  }

  receive(text: string): void {
    this.texts.push(text);
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      frame = { undecodable: text };
    }
    // Every vendor's frame is an object.
    this.frames.push(frame as Frame);
    this.#wake();
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Frames of `ms` milliseconds of 16 kHz audio with this loudness. */
  speak(count: number, { ms = 100, loudness = 3000 }: { ms?: number; loudness?: number } = {}): void {
    for (let i = 0; i < count; i += 1) this.socket.send(new Int16Array(16 * ms).fill(loudness));
  }

  silence(count: number, ms = 100): void {
    this.speak(count, { ms, loudness: 0 });
  }

  /** The next frame not yet taken that fits; those before it are passed over. Rejects when the socket closes first. */
  async take(wanted: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      while (this.#taken < this.frames.length) {
        const frame = this.frames[this.#taken];
        this.#taken += 1;
        if (frame && wanted(frame)) return frame;
      }
      if (this.socket.readyState === WebSocket.CLOSED) {
        throw new Error(`closed before the awaited frame; came: ${this.texts.join('\n').slice(-2000)}`);
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frame of a type. */
  type(type: string): Promise<Frame> {
    return this.take((frame) => frame['type'] === type);
  }
}
