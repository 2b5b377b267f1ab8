import type { Failure } from '../conversation/events.ts';
import type { Fetch } from './ports.ts';

/** How long a provider may take to answer the WebSocket handshake, in ms. */
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
  readonly timedOut: boolean;
  readonly body: string;
}

export type Opened = { readonly line: Line } | { readonly refusal: Refusal };

/**
 * Opens a WebSocket through `fetch`, because only that form carries request headers. `url` is http(s). Never throws:
 * a refusal is a value. When `signal` aborts, the result does not matter and no socket stays open.
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
  const timer = setTimeout(giveUp, HANDSHAKE_MS);
  signal.addEventListener('abort', giveUp);
  try {
    const response = await fetch(url, {
      headers: { ...headers, Upgrade: 'websocket' },
      signal: handshake.signal,
    });
    const socket = response.webSocket;
    if (socket) return { line: acceptLine(socket, events, signal) };
    const body = (await response.text()).slice(0, MAX_REFUSAL_CHARACTERS);
    return { refusal: { status: response.status, timedOut: false, body } };
  } catch {
    return { refusal: { status: undefined, timedOut: handshake.signal.aborted, body: '' } };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

function acceptLine(socket: WebSocket, events: LineEvents, signal: AbortSignal): Line {
  let open = true;
  // The platform's default is "blob", which cannot be read synchronously.
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => {
    if (open) events.message(data as string | ArrayBuffer); // binaryType rules Blob out
  });
  socket.addEventListener('close', ({ code, reason }) => {
    if (!open) return;
    open = false;
    events.closed(code, reason);
  });
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

/** What a refused handshake means where the provider has no better explanation in the body. */
export function refusalFailure(provider: string, refusal: Refusal): Failure {
  const { status } = refusal;
  if (refusal.timedOut)
    return { kind: 'timeout', retryable: true, detail: `${provider} did not answer the handshake` };
  if (status === undefined)
    return { kind: 'unreachable', retryable: true, detail: `${provider} cannot be reached` };
  if (status === 429) return { kind: 'rate-limited', retryable: true, detail: `${provider} answered 429` };
  return { kind: 'refused', retryable: status >= 500, detail: `${provider} answered ${status}` };
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
