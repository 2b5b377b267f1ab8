import { readFile } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  request as requestUpstream,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { Duplex } from 'node:stream';
import { v7 as uuidv7 } from 'uuid';
import { type WebSocket, WebSocketServer } from 'ws';
import { decode, encode } from '../../src/protocol/codec.ts';
import type { ServerEvents } from '../../src/protocol/replies.ts';
import { parseRequest, type Request } from '../../src/protocol/requests.ts';
import { TAP_PATH, TAP_WORKLET } from './browser.ts';

type Providers = ServerEvents['connection.ack']['providers'];

export interface ConsoleServerOptions {
  /** The folder of the built page. */
  readonly directory: string;
  readonly providers: Providers;
  /** The URL of a running Worker that holds the calls; without it the test does, by `nextCall`. */
  readonly worker?: string;
  /** Whether a caller whose connection was lost may come back; default true. */
  readonly resumable?: boolean;
}

/** A server that serves the built page as the product does, and the test's tap, and lets a test play the server's side of a call. */
export interface ConsoleServer {
  readonly url: string;
  /** The next call that comes in, or the oldest that nobody has taken yet. */
  nextCall(): Promise<ServedCall>;
  /** From now on whoever comes back is refused with this HTTP status; `undefined` lets them in again. */
  refuseReturns(status: number | undefined): void;
  close(): Promise<void>;
}

export async function serveConsole(options: ConsoleServerOptions): Promise<ConsoleServer> {
  const headers = await staticHeaders(options.directory);
  const http = createServer((request, response) => {
    answer(request, response, { ...options, headers, refusal }).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  const calls = queue<ServedCall>();
  const missing = Object.values(options.providers).includes('missing');
  const refusal: Refusal = { status: undefined };
  http.on('upgrade', (request, socket, head) => {
    if (options.worker !== undefined) return passOn(request, socket, head, options.worker);
    if (missing) return void socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n');
    const url = new URL(request.url ?? '/', 'http://local');
    if (refusal.status !== undefined && url.searchParams.has('resume')) {
      return void socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nContent-Length: 0\r\n\r\n`);
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      calls.put(new ServedCall(opened, url, options));
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo; // a listening TCP server has one
  return {
    // By name, because only that, https and the loopback addresses are secure contexts.
    url: `http://localhost:${port}`,
    nextCall: () => calls.take(),
    refuseReturns: (status) => {
      refusal.status = status;
    },
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** With what a caller comes back to any call of this server. */
export const RESUME_TOKEN = 'resume-token';

interface Refusal {
  status: number | undefined;
}

/** The server's side of one connection of a call. Frames of the client go through the product's own parser. */
export class ServedCall {
  readonly query: URLSearchParams;
  /** The one that the caller comes back to, or a new one. */
  readonly sessionId: string;
  /** Everything the client asked for, in order. */
  readonly requests: Request[] = [];
  /** What the product's parser would have refused. */
  readonly refusals: string[] = [];
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  constructor(socket: WebSocket, url: URL, { providers, resumable = true }: ConsoleServerOptions) {
    this.#socket = socket;
    this.query = url.searchParams;
    const resumes = this.query.get('session');
    this.sessionId = resumes ?? uuidv7();
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('message', (data: Buffer) => this.#receive(data));
    const voices = [
      { id: 'slt', name: 'Sally' },
      { id: 'rms', name: 'Russell' },
    ];
    const resuming = resumable ? { resumeToken: RESUME_TOKEN, resumed: resumes !== null } : {};
    this.send('connection.ack', { success: true, providers, voices, version: '0.0.0', ...resuming });
  }

  /** Sends an event; `payload` is any, so that a test may also send what a later server will. Returns the event's id. */
  send(eventType: string, payload: Readonly<Record<string, unknown>>, eventId: string = uuidv7()): string {
    this.#socket.send(encode({ eventType, eventId, sessionId: this.sessionId, payload }));
    return eventId;
  }

  /** Answers a request with an error instead of its ack, as a server that does not know a voice does. */
  refuse(request: Request, eventType: string, payload: { message: string; code: string }): void {
    const { eventId, eventType: requestType } = request;
    this.#socket.send(encode({ eventType, eventId, sessionId: this.sessionId, requestType, payload }));
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** All requests of one kind so far. */
  of<E extends Request['eventType']>(eventType: E): Extract<Request, { eventType: E }>[] {
    return this.requests.filter((request): request is Extract<Request, { eventType: E }> => {
      return request.eventType === eventType;
    });
  }

  /** Resolves with the first thing `look` finds in this call; asked again with every frame. */
  until<T>(look: (call: ServedCall) => T | undefined | false): Promise<T> {
    return new Promise((resolve) => {
      const ask = () => {
        const found = look(this);
        if (found === undefined || found === false) return;
        this.#waiting.delete(ask);
        resolve(found);
      };
      this.#waiting.add(ask);
      ask();
    });
  }

  #receive(data: Uint8Array): void {
    const parsed = parseRequest(decode(data));
    if ('refusal' in parsed) this.refusals.push(parsed.refusal.message);
    else this.#take(parsed.request);
    for (const ask of this.#waiting) ask();
  }

  #take(request: Request): void {
    this.requests.push(request);
    const { eventType, eventId } = request;
    if (eventType === 'voicechat.audio.chunk' || eventType === 'voicechat.playback.progress') return;
    this.#socket.send(encode({ eventType, eventId, sessionId: this.sessionId, payload: { success: true } }));
  }
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  {
    directory,
    providers,
    headers,
    refusal,
  }: ConsoleServerOptions & { readonly headers: Readonly<Record<string, string>>; readonly refusal: Refusal },
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://local');
  if (pathname === '/ws') {
    const refused = searchParams.has('resume') ? refusal.status : undefined;
    return void response.writeHead(refused ?? 426).end();
  }
  if (pathname === '/health') {
    const missing = Object.entries(providers).filter(([, place]) => place === 'missing');
    const status = missing.length === 0 ? 'ok' : 'degraded';
    const problems =
      missing.length === 0 ? {} : { problems: missing.map(([role]) => `${role}: a key is needed`) };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status, providers, version: '0.0.0', ...problems }));
    return;
  }
  const path = pathname === '/' ? '/index.html' : normalize(pathname);
  const content =
    path === TAP_PATH ? TAP_WORKLET : await readFile(join(directory, path)).catch(() => undefined);
  if (content === undefined) return void response.writeHead(404, headers).end();
  response.writeHead(200, { ...headers, 'content-type': contentTypes[extname(path)] ?? 'text/plain' });
  response.end(content);
}

/** Joins the page's socket with one to the Worker, byte for byte. */
function passOn({ url, headers }: IncomingMessage, socket: Duplex, head: Buffer, worker: string): void {
  const upstream = requestUpstream(new URL(url ?? '/', worker), { headers });
  const drop = () => {
    upstream.destroy();
    socket.destroy();
  };
  socket.on('error', drop);
  upstream.on('error', drop);
  upstream.on('response', drop);
  upstream.on('upgrade', ({ headers: answered }, joined: Duplex, first: Buffer) => {
    joined.on('error', drop);
    const lines = Object.entries(answered).map(([name, value]) => `${name}: ${value}`);
    socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
    if (first.length > 0) socket.write(first);
    if (head.length > 0) joined.write(head);
    socket.pipe(joined).pipe(socket);
  });
  upstream.end();
}

/** The headers that the page's `_headers` file gives every file, as the production host reads it. */
async function staticHeaders(directory: string): Promise<Record<string, string>> {
  const lines = (await readFile(join(directory, '_headers'), 'utf8')).split('\n');
  const pairs = lines
    .filter((line) => line.startsWith(' ') && line.includes(':'))
    .map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]);
  return Object.fromEntries(pairs);
}

function queue<T>() {
  const items: T[] = [];
  const takers: ((item: T) => void)[] = [];
  return {
    put: (item: T) => {
      const taker = takers.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    },
    take: () => {
      const item = items.shift();
      return item === undefined ? new Promise<T>((resolve) => takers.push(resolve)) : Promise.resolve(item);
    },
  };
}
