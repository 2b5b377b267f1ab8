/** How much audio may leave at once, in ms: what a network or a browser holds back and lets go is not slowed by it. */
export const BURST_MS = 2000;
/** What sums of fractions may be short of, in ms. */
const ROUNDING_MS = 0.001;

/** Lets audio leave at a multiple of real time, apart from a burst of `BURST_MS` after a rest. Times are ms. */
export class Pace {
  readonly #speed: number;
  #allowedMs = BURST_MS;
  #at = 0;

  /** `speed`: ms of audio for every ms of time. */
  constructor(speed: number) {
    this.#speed = speed;
  }

  /** Whether this much audio, at most `BURST_MS`, may leave now; if so it is counted. */
  admits(audioMs: number, now: number): boolean {
    const allowedMs = Math.min(BURST_MS, this.#allowedMs + Math.max(0, now - this.#at) * this.#speed);
    this.#at = now;
    this.#allowedMs = allowedMs;
    if (allowedMs + ROUNDING_MS < audioMs) return false;
    this.#allowedMs -= audioMs;
    return true;
  }

  /** Counts audio that leaves in any case. */
  force(audioMs: number): void {
    this.#allowedMs -= audioMs;
  }

  /** When this much audio, at most `BURST_MS`, may leave. */
  readyAt(audioMs: number): number {
    return this.#at + Math.max(0, Math.ceil((audioMs - this.#allowedMs) / this.#speed));
  }
}

/** What is left to send, in ms of audio, `elapsedMs` after `backlogMs` began to leave at `speed` while new audio goes on to come. */
export function backlogAfter(backlogMs: number, speed: number, elapsedMs: number): number {
  return Math.max(0, backlogMs - BURST_MS - elapsedMs * (speed - 1));
}
