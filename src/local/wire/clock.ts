/** Milliseconds of a steady clock; every deadline of the local providers is on it. */
export function now(): number {
  return performance.now();
}

/**
 * Waits for an absolute time of `now()`, never less. Resolves `true` when it came and `false` when `signal` was
 * aborted first. Absolute times keep a series of waits from drifting.
 */
export function until(atMs: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  if (now() >= atMs) return Promise.resolve(true);
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout;
    const leave = () => {
      clearTimeout(timer);
      resolve(false);
    };
    // Timers may fire up to a millisecond early.
    const look = () => {
      if (now() < atMs) {
        timer = setTimeout(look, Math.ceil(atMs - now()));
        return;
      }
      signal.removeEventListener('abort', leave);
      resolve(true);
    };
    look();
    signal.addEventListener('abort', leave, { once: true });
  });
}
