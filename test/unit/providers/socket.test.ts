import { afterEach, expect, it, vi } from 'vitest';
import { HANDSHAKE_MS, openLine } from '../../../src/providers/socket.ts';

afterEach(() => {
  vi.useRealTimers();
});

const ignore = { message: () => {}, closed: () => {} };

/** As much of a provider's socket as `openLine` touches; Node has no response that carries one. */
function upgraded(): Response {
  const webSocket = {
    binaryType: '',
    addEventListener() {},
    accept() {},
    send() {},
    close() {},
    readyState: WebSocket.OPEN,
  };
  return { webSocket } as unknown as Response;
}

it('keeps an open socket however long it lives: its signal never aborts after the handshake', async () => {
  vi.useFakeTimers();
  let signal: AbortSignal | null | undefined;
  const call = new AbortController();
  const opened = await openLine(
    async (_, init) => {
      signal = init?.signal;
      return upgraded();
    },
    'http://provider.test',
    {},
    ignore,
    call.signal,
  );
  expect('line' in opened).toBe(true);
  vi.advanceTimersByTime(10 * HANDSHAKE_MS);
  call.abort();
  expect(signal?.aborted).toBe(false);
});

it('gives up a handshake that is never answered', async () => {
  vi.useFakeTimers();
  const opening = openLine(
    (_, init) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
      ),
    'http://provider.test',
    {},
    ignore,
    new AbortController().signal,
  );
  vi.advanceTimersByTime(HANDSHAKE_MS);
  expect(await opening).toEqual({ refusal: { status: undefined, timedOut: true, body: '' } });
});
