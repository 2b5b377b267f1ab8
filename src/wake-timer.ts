/** A timer that fires so long after it was due, in ms, was kept waiting by its own isolate, and so was everything else. */
const LATE_MS = 100;

/** The one timer of a call: it fires at the earliest time it was set to. One that finds nothing due is set anew. */
export class WakeTimer {
  readonly #now: () => number;
  readonly #wake: (late: boolean) => void;
  #timer: { readonly handle: ReturnType<typeof setTimeout>; readonly at: number } | undefined;

  /** `now`: ms since the epoch. `wake` is told whether the timer fired late. */
  constructor(now: () => number, wake: (late: boolean) => void) {
    this.#now = now;
    this.#wake = wake;
  }

  /** Moves the timer to `due`, in ms since the epoch, if that is earlier; without one nothing changes. */
  set(due: number | undefined): void {
    if (due === undefined || (this.#timer !== undefined && this.#timer.at <= due)) return;
    this.clear();
    const now = this.#now();
    const at = Math.max(due, now);
    this.#timer = { handle: setTimeout(() => this.#fire(at), at - now), at };
  }

  clear(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer.handle);
    this.#timer = undefined;
  }

  #fire(due: number): void {
    this.#timer = undefined;
    this.#wake(this.#now() - due >= LATE_MS);
  }
}
