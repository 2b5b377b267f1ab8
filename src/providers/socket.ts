import type { Failure } from '../conversation/events.ts';
import type { Fetch } from './ports.ts';

/** How long a provider may take until its connection can be used, in ms; whoever opens a line keeps the time. */
export const HANDSHAKE_MS = 5000;
/** How much of a refusal's body is read, in characters. */
const MAX_REFUSAL_CHARACTERS = 2000;

/** An open WebSocket to a provider. */
export interface Line {
  /** Sends text or binary; does nothing once the socket is closing. */
  send(data: string | Uint8Array): void;
  /** Closes without further news. */
  close(): void;
}

export interface LineEvents {
  readonly message: (data: string | ArrayBuffer) => void;
  /** The other side closed, or the connection was lost (1006). Never after our own `close`. */
  readonly closed: (code: number, reason: string) => void;
}

/** A handshake that the provider answered with something else than 101, or not at all. */
export interface Refusal {
  /** HTTP status; undefined when nobody answered. */
  readonly status: number | undefined;
  readonly body: string;
}

export type Opened = { readonly line: Line } | { readonly refusal: Refusal };

/**
 * Opens a WebSocket through `fetch`, because only that form carries request headers. `url` is http(s). Never throws:
 * a refusal is a value. `signal` ends the handshake: then the result does not matter and no socket stays open. It has
 * no effect on an open line.
 */
export async function openLine(
  fetch: Fetch,
  url: string,
  headers: Readonly<Record<string, string>>,
  events: LineEvents,
  signal: AbortSignal,
): Promise<Opened> {
  // The platform drops an open socket whose request's signal aborts, so the signal ends with the handshake.
  const handshake = new AbortController();
  const giveUp = () => handshake.abort();
  signal.addEventListener('abort', giveUp);
  try {
    const response = await fetch(url, {
      headers: { ...headers, Upgrade: 'websocket' },
      signal: handshake.signal,
    });
    const socket = response.webSocket;
    if (socket) return { line: acceptLine(socket, events, signal) };
    const body = (await response.text()).slice(0, MAX_REFUSAL_CHARACTERS);
    return { refusal: { status: response.status, body } };
  } catch {
    return { refusal: { status: undefined, body: '' } };
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

function acceptLine(socket: WebSocket, events: LineEvents, signal: AbortSignal): Line {
  let open = true;
  const closed = (code: number, reason: string) => {
    if (!open) return;
    open = false;
    events.closed(code, reason);
  };
  // The platform's default is "blob", which cannot be read synchronously.
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    if (open) events.message(data as string | ArrayBuffer); // binaryType rules Blob out
  });
  socket.addEventListener('close', ({ code, reason }) => closed(code, reason));
  // Usually the close event comes alone or first; an error without any would leave the line dead and silent.
  socket.addEventListener('error', () => closed(1006, ''));
  socket.accept();
  const line: Line = {
    send(data) {
      if (open && socket.readyState === WebSocket.OPEN) socket.send(data);
    },
    close() {
      if (!open) return;
      open = false;
      socket.close(1000);
    },
  };
  if (signal.aborted) line.close();
  return line;
}

/** Nobody answered the handshake in time. */
export function handshakeTimeout(provider: string): Failure {
  return { kind: 'timeout', retryable: true, detail: `${provider} did not answer the handshake` };
}

/** There is nobody at the address, or the connection was lost before an answer. */
export function unreachable(provider: string): Failure {
  return { kind: 'unreachable', retryable: true, detail: `${provider} cannot be reached` };
}

/** Statuses that may be gone the next time: timeout, conflict, too many requests and every fault of the server. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** The object in a JSON text, or undefined when it holds anything else. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>) // checked just above
      : undefined;
  } catch {
    return undefined;
  }
}

/** What a vendor calls an error or a request: such a code is safe in a log, where a sentence could repeat what was said. */
const CODE = /^[\w.-]{1,64}$/;

/** Those of the values that are codes, for a log. */
export function codesOf(...values: readonly unknown[]): string {
  return values.filter((value) => typeof value === 'string' && CODE.test(value)).join(' ');
}
