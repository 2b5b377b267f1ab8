/**
 * What may be used up per second, with a reserve that fills while less is used. A whole reserve may be used at once, as
 * by a client that sends what it kept while its line was gone.
 */
export class Allowance {
  readonly #perMs: number;
  readonly #reserve: number;
  #left: number;
  #at: number | undefined;

  /** `reserveSeconds`: how many seconds' worth may be used at once. */
  constructor(perSecond: number, reserveSeconds: number) {
    this.#perMs = perSecond / 1000;
    this.#reserve = perSecond * reserveSeconds;
    this.#left = this.#reserve;
  }

  /** Uses up `amount` at `now`, in ms; false, and nothing is used, when there is not so much left. */
  take(amount: number, now: number): boolean {
    const passedMs = Math.max(0, now - (this.#at ?? now));
    this.#at = now;
    this.#left = Math.min(this.#reserve, this.#left + passedMs * this.#perMs);
    if (amount > this.#left) return false;
    this.#left -= amount;
    return true;
  }
}
