/** How long a client that has connected may take to start the call, in ms: a person may be asked for the microphone meanwhile. */
const START_MS = 120_000;
/** How long before its end a call is warned, in ms; a short call at half its length. */
const WARNING_MS = 60_000;
/** How long the end waits for whoever is speaking, in ms. */
const GRACE_MS = 10_000;

type Stage = 'not-started' | 'awaited' | 'running' | 'warned' | 'closing' | 'overdue';

const NEXT: Readonly<Record<Stage, Stage>> = {
  'not-started': 'not-started',
  awaited: 'overdue',
  running: 'warned',
  warned: 'closing',
  closing: 'overdue',
  overdue: 'overdue',
};

/** How long the call may be waited for, and may last: a warning, an end that lets a sentence be finished, and an end that does not. */
export class Duration {
  readonly #maxMs: number;
  #stage: Stage = 'not-started';
  #endAt = 0;

  /** `maxMs`: the longest a call may last, in ms. */
  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /** When the call has lasted long enough; undefined before it has begun. */
  get endAt(): number | undefined {
    return this.#stage === 'not-started' || this.#stage === 'awaited' ? undefined : this.#endAt;
  }

  /** Goes on with a call that another object began. */
  remember(endAt: number): void {
    this.#stage = 'running';
    this.#endAt = endAt;
  }

  get deadline(): number | undefined {
    switch (this.#stage) {
      case 'not-started':
      case 'overdue':
        return undefined;
      case 'running':
        return this.#endAt - Math.min(WARNING_MS, this.#maxMs / 2);
      case 'awaited':
      case 'warned':
        return this.#endAt;
      case 'closing':
        return this.#endAt + GRACE_MS;
      default:
        return this.#stage satisfies never;
    }
  }

  /** True from the warning on. */
  get short(): boolean {
    return this.#stage === 'warned' || this.#stage === 'closing' || this.#stage === 'overdue';
  }

  /** A client has connected, and is expected to start the call. */
  connected(now: number): void {
    if (this.#stage !== 'not-started') return;
    this.#stage = 'awaited';
    this.#endAt = now + START_MS;
  }

  start(now: number): void {
    if (this.endAt !== undefined) return;
    this.#stage = 'running';
    this.#endAt = now + this.#maxMs;
  }

  /** Lets time pass; returns the ms that remain when it is time to warn. */
  pass(now: number): number | undefined {
    let remainingMs: number | undefined;
    // More than one of them may have passed where no object held the call.
    for (let due = this.deadline; due !== undefined && now >= due; due = this.deadline) {
      if (this.#stage === 'running') remainingMs = Math.max(0, this.#endAt - now);
      this.#stage = NEXT[this.#stage];
    }
    return remainingMs;
  }

  /** Whether the call is to be ended now; `busy`: somebody is speaking. */
  ends(busy: boolean): boolean {
    return this.#stage === 'overdue' || (this.#stage === 'closing' && !busy);
  }
}
