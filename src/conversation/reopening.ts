import type { Failure, RecogniserChoice } from './events.ts';

/** Pauses before the recogniser is opened again, by consecutive failures, in ms; the last one repeats. */
const REOPEN_AFTER_MS = [0, 250, 500, 1000, 2000, 5000] as const;
/** A connection that held this long was sound; one that fails sooner counts with the failures before it, in ms. */
const STEADY_MS = 5000;
/** From this many consecutive failures on the other recogniser is tried, in turn. */
const CHANGE_AFTER_FAILURES = 2;

/** The most patience with a recogniser that is slow. */
const MOST_PATIENCE = 4;

/** Which recogniser is opened next, and when, and how patient one has to be with it. */
export class Reopening {
  readonly #choices: readonly RecogniserChoice[];
  readonly #refused = new Set<RecogniserChoice>();
  #choice: RecogniserChoice = 'primary';
  #failures = 0;
  #openedAt: number | undefined;
  #patience = 1;

  constructor(recognisers: 1 | 2) {
    this.#choices = recognisers === 1 ? ['primary'] : ['primary', 'fallback'];
  }

  get choice(): RecogniserChoice {
    return this.#choice;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * How many times as long as usual the next recogniser may be silent before it counts as lost: twice as long after
   * each that was lost so, because it may be slow, and a new connection has the more to catch up with.
   */
  get patience(): number {
    return this.#patience;
  }

  /** The recogniser has told words. */
  proved(): void {
    this.#patience = 1;
  }

  opened(now: number): void {
    this.#openedAt = now;
  }

  /** Forgets what was: every recogniser may be tried. */
  reset(): void {
    this.#refused.clear();
    this.#choice = 'primary';
    this.#failures = 0;
    this.#openedAt = undefined;
  }

  /** When the next try is due, in ms; undefined when every recogniser has refused for good. */
  after(failure: Failure, now: number): number | undefined {
    const steady = this.#openedAt !== undefined && now - this.#openedAt >= STEADY_MS;
    this.#openedAt = undefined;
    if (failure.kind === 'stalled') this.#patience = Math.min(MOST_PATIENCE, 2 * this.#patience);
    this.#failures = steady ? 1 : this.#failures + 1;
    if (!failure.retryable) {
      this.#refused.add(this.#choice);
      return this.#change() ? now : undefined;
    }
    if (this.#failures >= CHANGE_AFTER_FAILURES) this.#change();
    return now + pauseMs(failure.kind === 'rate-limited' ? this.#failures + 1 : this.#failures);
  }

  /** Turns to another recogniser that may still be tried, if there is one. */
  #change(): boolean {
    const other = this.#choices.find((choice) => choice !== this.#choice && !this.#refused.has(choice));
    if (other !== undefined) this.#choice = other;
    return other !== undefined;
  }
}

/** One that is asked too often is asked one step later (Deepgram, 429: 250 ms and twice as long every time). */
function pauseMs(failures: number): number {
  return REOPEN_AFTER_MS[Math.min(failures, REOPEN_AFTER_MS.length) - 1] ?? 0;
}
