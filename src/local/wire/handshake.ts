import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Headers } from './exchange.ts';

const LARGEST_FRAME_BYTES = 16 * 1024 * 1024;

/** One WebSocket upgrade that is answered exactly once, by accepting or by refusing it. */
export class Handshake {
  /** The path below the vendor's prefix, beginning with a slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly #request: IncomingMessage;
  readonly #socket: Duplex;
  readonly #head: Buffer;

  constructor(request: IncomingMessage, socket: Duplex, head: Buffer, path: string, query: URLSearchParams) {
    this.#request = request;
    this.#socket = socket;
    this.#head = head;
    this.path = path;
    this.query = query;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** The subprotocols the client offers, in its order. */
  get protocols(): string[] {
    return (this.header('sec-websocket-protocol') ?? '')
      .split(',')
      .map((protocol) => protocol.trim())
      .filter((protocol) => protocol !== '');
  }

  /** Switches to WebSocket with extra response headers, selecting `protocol` if given. */
  accept(headers: Headers, protocol?: string): Promise<WebSocket> {
    const acceptor = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: LARGEST_FRAME_BYTES,
      handleProtocols: () => protocol ?? false,
    });
    acceptor.on('headers', (lines) => {
      for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    });
    return new Promise((resolve) => {
      acceptor.handleUpgrade(this.#request, this.#socket, this.#head, resolve);
    });
  }

  /** Answers with an ordinary HTTP response instead. */
  refuse(status: number, body: object, headers: Headers = {}): void {
    const text = JSON.stringify(body);
    const lines = Object.entries({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      connection: 'close',
      ...headers,
    }).map(([name, value]) => `${name}: ${value}`);
    this.#socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('\r\n')}\r\n\r\n${text}`,
    );
  }

  drop(): void {
    this.#socket.destroy();
  }
}
