import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault, ProviderName } from '../faults.ts';
import { readJson } from '../parse.ts';
import { now, until } from './clock.ts';
import { Gate } from './gate.ts';
import { type WireLog, withoutSecrets } from './log.ts';

export type Headers = Readonly<Record<string, string>>;

/** The vendor's error inside a stream that has begun, as the bytes of its body. */
export type ErrorChunk = (code: string, message: string) => string;

const LONGEST_BODY_BYTES = 4 * 1024 * 1024;

/** One HTTP request and its response; what a vendor writes meets the faults, what the client sent is recorded. */
export class Exchange {
  readonly connection: number;
  readonly method: string;
  /** The path below the vendor's prefix, beginning with a slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Aborted when the client has left or the response is over. */
  readonly signal: AbortSignal;
  readonly #provider: ProviderName;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #log: WireLog;
  readonly #url: URL;
  readonly #over = new AbortController();
  readonly #gate: Gate;
  readonly #faults: readonly Fault[];
  #isCut = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    address: {
      readonly provider: ProviderName;
      readonly url: URL;
      readonly path: string;
      readonly connection: number;
    },
    log: WireLog,
    errorChunk: ErrorChunk,
    faults: readonly Fault[],
  ) {
    this.#faults = faults;
    this.#request = request;
    this.#response = response;
    this.#provider = address.provider;
    this.#url = address.url;
    this.connection = address.connection;
    this.method = request.method ?? 'GET';
    this.path = address.path;
    this.query = address.url.searchParams;
    this.signal = this.#over.signal;
    this.#log = log;
    this.#gate = new Gate({
      close: () => this.#cut(),
      drop: () => this.#cut(),
      truncate: () => response.end(),
      garbage: () => response.write('data: {"half a frame\n\n'),
      error: (code, message) => response.end(errorChunk(code, message)),
    });
    response.on('close', () => this.#finish());
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** The request's JSON, recorded; `undefined` when it is not JSON or too long. */
  async json(): Promise<unknown> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.#request) {
      // An http request without an encoding yields buffers.
      const buffer = chunk as Buffer;
      bytes += buffer.byteLength;
      if (bytes > LONGEST_BODY_BYTES) return undefined;
      chunks.push(buffer);
    }
    const text = Buffer.concat(chunks).toString();
    const body = readJson(text);
    this.#record({ ...(body === undefined ? {} : { body }) });
    return body;
  }

  /** Answers with a whole body: an object as JSON, a string as it is. */
  reply(status: number, body: object | string, headers: Headers = {}): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    void this.start({ 'content-type': 'application/json', ...headers }, status).then(() => {
      this.write(text);
      this.end();
    });
  }

  /** Begins a response; resolves when its body may begin, and from then on the faults strike. */
  async start(headers: Headers, status = 200): Promise<void> {
    if (this.signal.aborted || this.#response.headersSent) return;
    this.#response.writeHead(status, headers);
    this.#response.flushHeaders();
    const lateMs = this.#faults.reduce((ms, fault) => (isLateFromTheStart(fault) ? ms + fault.ms : ms), 0);
    await until(now() + lateMs, this.signal);
    this.#gate.arm(this.#faults.filter((fault) => !isLateFromTheStart(fault)));
  }

  write(chunk: string | Uint8Array): void {
    this.#gate.send(() => this.#response.write(chunk));
  }

  end(): void {
    this.#gate.send(() => this.#response.end());
  }

  drop(): void {
    this.#gate.shut();
    this.#cut();
    this.#finish();
  }

  strike(fault: Fault): void {
    this.#gate.arm([fault]);
  }

  complain(problem: string): void {
    this.#log.record(this.#provider, this.connection, { kind: 'invalid', problem });
  }

  /** Records a request that has no body to read. */
  recordRequest(): void {
    this.#record({});
  }

  #record(extra: { body?: unknown }): void {
    const path = withoutSecrets(this.#url);
    this.#log.record(this.#provider, this.connection, {
      kind: 'request',
      method: this.method,
      path,
      ...extra,
    });
  }

  #cut(): void {
    this.#isCut = true;
    this.#request.socket.destroy();
  }

  #finish(): void {
    if (this.signal.aborted) return;
    this.#gate.shut();
    if (!this.#response.writableEnded && !this.#isCut)
      this.#log.record(this.#provider, this.connection, { kind: 'abort' });
    this.#over.abort();
  }
}

function isLateFromTheStart(fault: Fault): fault is Extract<Fault, { kind: 'late' }> {
  return fault.kind === 'late' && fault.after === undefined;
}
