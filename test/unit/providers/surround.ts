import type { CallEvent, Failure } from '../../../src/conversation/events.ts';
import type { Fetch, Surroundings } from '../../../src/providers/ports.ts';

interface Timed {
  readonly deadline: number | undefined;
  tick(now: number): void;
}

export interface Sent {
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly signal: AbortSignal | undefined;
}

/** The world around a provider: a virtual clock, the news it reports, and the vendor's end of all it sends. */
export class Surround {
  now = 1_000_000;
  readonly news: CallEvent[] = [];
  readonly requests: Sent[] = [];
  readonly sockets: VendorSocket[] = [];
  /** What the vendor answers; by default every upgrade is accepted. */
  answer: (request: Sent) => Response | Promise<Response> = () => this.accept();
  readonly around: Surroundings = {
    fetch: (url, init) => this.#fetch(url, init),
    now: () => this.now,
    report: (event) => void this.news.push(event),
  };

  accept(): Response {
    const socket = new VendorSocket();
    this.sockets.push(socket);
    // Only a Worker's Response may have this status and a socket.
    return { status: 101, webSocket: socket } as unknown as Response;
  }

  get socket(): VendorSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }

  get failure(): Failure | undefined {
    const failed = this.news.find((event) => 'failure' in event);
    return failed && 'failure' in failed ? failed.failure : undefined;
  }

  all<T extends CallEvent['type']>(type: T): readonly Extract<CallEvent, { type: T }>[] {
    return this.news.filter((event): event is Extract<CallEvent, { type: T }> => event.type === type);
  }

  /** Lets time go by; the provider is told whenever it wanted to be. */
  pass(provider: Timed, ms: number): void {
    const until = this.now + ms;
    for (let due = provider.deadline; due !== undefined && due <= until; due = provider.deadline) {
      this.now = Math.max(this.now, due);
      provider.tick(this.now);
      if (provider.deadline !== undefined && provider.deadline <= this.now)
        throw new Error('a tick did not move the deadline on');
    }
    this.now = until;
  }

  #fetch: Fetch = async (url, init) => {
    const request = {
      url: new URL(url),
      headers: new Headers(init?.headers),
      body: typeof init?.body === 'string' ? JSON.parse(init.body) : {},
      signal: init?.signal ?? undefined,
    };
    this.requests.push(request);
    return await this.answer(request);
  };
}

/** The vendor's end of a socket. */
export class VendorSocket {
  binaryType = 'blob';
  readyState: number = WebSocket.OPEN;
  readonly sent: (string | Uint8Array)[] = [];
  closedWith: number | undefined;
  #accepted = false;
  readonly #listeners: { readonly type: string; readonly listener: (event: never) => void }[] = [];

  get texts(): readonly unknown[] {
    return this.sent.flatMap((data) => (typeof data === 'string' ? [JSON.parse(data)] : []));
  }

  get frames(): readonly Uint8Array[] {
    return this.sent.filter((data) => typeof data !== 'string');
  }

  accept(): void {
    this.#accepted = true;
  }

  send(data: string | Uint8Array): void {
    if (!this.#accepted || this.readyState !== WebSocket.OPEN) throw new Error('the socket is not open');
    this.sent.push(data);
  }

  close(code: number): void {
    this.closedWith = code;
    this.readyState = WebSocket.CLOSED;
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.push({ type, listener });
  }

  says(message: object | string | ArrayBuffer): void {
    const plain = typeof message === 'string' || message instanceof ArrayBuffer;
    this.#tell('message', { data: plain ? message : JSON.stringify(message) });
  }

  ends(code: number, reason = ''): void {
    this.readyState = WebSocket.CLOSED;
    this.#tell('close', { code, reason });
  }

  breaks(): void {
    this.#tell('error', {});
  }

  #tell(type: string, event: object): void {
    // The type of the event belongs to its name.
    for (const known of this.#listeners) if (known.type === type) known.listener(event as never);
  }
}

/** Lets every promise that can settle do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A promise that never settles, except that it rejects when the signal aborts. */
export function never<T>(signal: AbortSignal | undefined): Promise<T> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}
