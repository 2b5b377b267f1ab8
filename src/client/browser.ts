import type { Surroundings } from './surroundings.ts';

/** How long a plain question to the server may take, in ms. */
const MAX_STATUS_MS = 5000;

/** The surroundings that a browser's page has. */
export const browser: Surroundings = {
  connect: (url) => new WebSocket(url),
  status,
  now: () => performance.now(),
  wait: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
  watch,
};

async function status(url: URL): Promise<number | undefined> {
  const plain = new URL(url);
  plain.protocol = plain.protocol.replace('ws', 'http');
  try {
    const signal = AbortSignal.timeout(MAX_STATUS_MS);
    const response = await fetch(plain, { cache: 'no-store', signal });
    return response.status;
  } catch {
    // Unreachable, too slow, or of an origin that does not say: whatever it is, it is no refusal.
    return undefined;
  }
}

function watch(woken: () => void): () => void {
  const seen = () => {
    if (document.visibilityState === 'visible') woken();
  };
  addEventListener('online', woken);
  document.addEventListener('visibilitychange', seen);
  return () => {
    removeEventListener('online', woken);
    document.removeEventListener('visibilitychange', seen);
  };
}
