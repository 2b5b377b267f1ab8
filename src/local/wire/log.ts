import type { ProviderName } from '../faults.ts';
import { now } from './clock.ts';

/** One thing a client did. `connection` counts the sockets and requests of one server from 1. */
export type LogEntry = {
  readonly provider: ProviderName;
  readonly connection: number;
  /** Milliseconds since the server started. */
  readonly atMs: number;
} & Happening;

export type Happening =
  /** A client asked for a socket; `path` has its query, without secrets. */
  | { readonly kind: 'upgrade'; readonly path: string }
  /** The socket was accepted. */
  | { readonly kind: 'open'; readonly path: string }
  /** An HTTP request came; `body` is its JSON. */
  | { readonly kind: 'request'; readonly method: string; readonly path: string; readonly body?: unknown }
  /** A text frame; its JSON, or the text when it is none. */
  | { readonly kind: 'text'; readonly frame: unknown }
  /** Consecutive binary frames, counted together. */
  | { readonly kind: 'audio'; frames: number; bytes: number }
  /** A frame or request that breaks the vendor's schema. */
  | { readonly kind: 'invalid'; readonly problem: string }
  /** The socket ended; 1006 when it just went away. */
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  /** The client left before its response was complete. */
  | { readonly kind: 'abort' };

/** Oldest entries go first beyond this; a real call makes about two entries a second. */
const LOG_LIMIT_ENTRIES = 20_000;

/** What every client did, in order, and the frames that broke a schema. */
export class WireLog {
  readonly #startMs = now();
  readonly #warn: (line: string) => void;
  readonly #watchers = new Set<() => void>();
  /** For each connection the entry its next binary frame is counted in. */
  readonly #counting = new Map<number, LogEntry & { kind: 'audio' }>();
  #entries: LogEntry[] = [];

  /** `warn` gets one line for each frame that breaks a schema, without the frame's content. */
  constructor(warn: (line: string) => void) {
    this.#warn = warn;
  }

  /** When the server started, on the clock of `now`. */
  get startMs(): number {
    return this.#startMs;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** The entries of frames and requests that broke a schema; a healthy client leaves none. */
  get invalid(): readonly LogEntry[] {
    return this.#entries.filter((entry) => entry.kind === 'invalid');
  }

  /** The JSON of the text frames of a provider, of one connection if given. */
  frames(provider: ProviderName, connection?: number): unknown[] {
    return this.#entries.flatMap((entry) =>
      entry.kind === 'text' &&
      entry.provider === provider &&
      (connection === undefined || entry.connection === connection)
        ? [entry.frame]
        : [],
    );
  }

  /** Resolves with the first entry, past or to come, that satisfies `wanted`. */
  waitFor(wanted: (entry: LogEntry) => boolean): Promise<LogEntry> {
    const found = this.#entries.find(wanted);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => {
      const look = () => {
        const entry = this.#entries.find(wanted);
        if (!entry) return;
        this.#watchers.delete(look);
        resolve(entry);
      };
      this.#watchers.add(look);
    });
  }

  record(provider: ProviderName, connection: number, happening: Happening): void {
    if (happening.kind === 'invalid') {
      this.#warn(
        `${provider} connection ${connection}: a client message breaks the schema: ${happening.problem}`,
      );
    }
    const entry: LogEntry = { provider, connection, atMs: now() - this.#startMs, ...happening };
    this.#entries.push(entry);
    if (entry.kind === 'audio') this.#counting.set(connection, entry);
    else this.#counting.delete(connection);
    if (this.#entries.length > LOG_LIMIT_ENTRIES) this.#entries.splice(0, LOG_LIMIT_ENTRIES / 10);
    this.#notify();
  }

  /** Tells of a failure inside the server itself. */
  report(provider: ProviderName, connection: number, problem: unknown): void {
    const text = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
    this.#warn(`${provider} connection ${connection}: the local server failed: ${text}`);
  }

  /** Counts a binary frame, together with those since the connection's last other entry. */
  recordAudio(provider: ProviderName, connection: number, bytes: number): void {
    const counting = this.#counting.get(connection);
    if (!counting) return this.record(provider, connection, { kind: 'audio', frames: 1, bytes });
    counting.frames += 1;
    counting.bytes += bytes;
    this.#notify();
  }

  clear(): void {
    this.#entries = [];
    this.#counting.clear();
  }

  #notify(): void {
    for (const look of this.#watchers) look();
  }
}

const SECRET_PARAMETERS = ['authorization', 'single_use_token', 'token', 'access_token', 'xi-api-key'];

/** A request's path and query with the values of secret parameters taken out. */
export function withoutSecrets(url: URL): string {
  const query = new URLSearchParams(url.search);
  for (const name of SECRET_PARAMETERS) if (query.has(name)) query.set(name, 'hidden');
  const text = query.toString();
  return text === '' ? url.pathname : `${url.pathname}?${text}`;
}
