/** How long the server keeps a call whose connection was lost, in ms. */
const WINDOW_MS = 60_000;
/** The pause before each attempt, in ms; the last one repeats. */
const PAUSES_MS = [0, 250, 500, 1000, 2000] as const;
/** The first frame of the server comes with the socket; an attempt that has none after this long, in ms, hangs. */
const ATTEMPT_MS = 5000;
/** A connection that lasted this long, in ms, was a good one: the pauses begin anew after it. */
const STEADY_MS = 5000;
/** Closed with one of these the connection is no accident: the end of the call, two refusals, and another client in our place. */
const FINAL_CLOSES: readonly number[] = [1000, 1008, 1009, 4001];
/** Refusals that may be gone a moment later: a slow request, a first visit too early, the answer to a mere question, too many requests. */
const PASSING_REFUSALS: readonly number[] = [408, 425, 426, 429];

/** What is to be done now: open a socket, drop the one that hangs (its failure is told at once), or end the call. */
export type Move = 'connect' | 'drop' | 'give-up';

/** True for a close code after which the call may go on over a new connection. */
export function mayReturn(closeCode: number): boolean {
  return !FINAL_CLOSES.includes(closeCode);
}

/** True for an HTTP status with which the server refuses us now and will later. */
export function refusesForGood(status: number): boolean {
  return status >= 400 && status < 500 && !PASSING_REFUSALS.includes(status);
}

/**
 * When a client whose connection was lost tries again, and when it gives up. Pure: news and the time (ms of any steady
 * clock) go in, `due` says what to do, `deadline` when to ask it next.
 */
export class Reconnection {
  #gap: Gap | undefined;
  #attempts = 0;
  #connectedAt = Number.NEGATIVE_INFINITY;

  /** When `due` wants to be asked again; `undefined` while nothing is lost. */
  get deadline(): number | undefined {
    if (this.#gap === undefined) return undefined;
    const { givesUpAt, step } = this.#gap;
    return Math.min(givesUpAt, step.at);
  }

  lost(now: number): void {
    if (now - this.#connectedAt >= STEADY_MS) this.#attempts = 0;
    this.#gap = { givesUpAt: now + WINDOW_MS, step: { doing: 'waiting', at: now + this.#pauseMs } };
  }

  /** The attempt came to nothing. */
  failed(now: number): void {
    if (this.#gap !== undefined) this.#gap.step = { doing: 'waiting', at: now + this.#pauseMs };
  }

  /** The network came back, or the page into view: there is no better moment to try. */
  woken(now: number): void {
    if (this.#gap?.step.doing === 'waiting') this.#gap.step = { doing: 'waiting', at: now };
  }

  /** The server has answered on the new connection. */
  connected(now: number): void {
    this.#gap = undefined;
    this.#connectedAt = now;
  }

  due(now: number): Move | undefined {
    if (this.#gap === undefined) return undefined;
    if (now >= this.#gap.givesUpAt) return 'give-up';
    if (now < this.#gap.step.at) return undefined;
    if (this.#gap.step.doing === 'trying') return 'drop';
    this.#attempts += 1;
    this.#gap.step = { doing: 'trying', at: now + ATTEMPT_MS };
    return 'connect';
  }

  get #pauseMs(): number {
    return PAUSES_MS[Math.min(this.#attempts, PAUSES_MS.length - 1)] ?? 0;
  }
}

interface Gap {
  readonly givesUpAt: number;
  /** Waiting for the next attempt, or for the outcome of this one; `at` is when that is over. */
  step: { readonly doing: 'waiting' | 'trying'; readonly at: number };
}
