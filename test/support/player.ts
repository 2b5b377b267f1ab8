/** Audio reaches the listener's ear this long after it came: the network and the loudspeaker's buffer, in ms. */
const START_DELAY_MS = 120;

/** A listener's loudspeaker: it plays what has come without gaps, some time after the first of it came. */
export class Player {
  #receivedMs = 0;
  #playedMs = 0;
  /** Up to when `#playedMs` counts; audio begins to sound only then. */
  #asOf: number | undefined;
  #paused = false;

  received(ms: number, at: number): void {
    if (this.#asOf === undefined) this.#asOf = at + START_DELAY_MS;
    else this.#advance(at);
    this.#receivedMs += ms;
  }

  pause(at: number): void {
    this.#advance(at);
    this.#paused = true;
  }

  resume(at: number): void {
    this.#advance(at);
    this.#paused = false;
  }

  /** How much has sounded by `at`, in ms. Times do not run backwards. */
  playedMs(at: number): number {
    this.#advance(at);
    return this.#playedMs;
  }

  /** When all that has come will have sounded, if nothing stops it. */
  endsAt(at: number): number {
    this.#advance(at);
    return Math.max(at, this.#asOf ?? at) + this.#receivedMs - this.#playedMs;
  }

  #advance(at: number): void {
    if (this.#asOf === undefined || at <= this.#asOf) return;
    if (!this.#paused) this.#playedMs = Math.min(this.#receivedMs, this.#playedMs + at - this.#asOf);
    this.#asOf = at;
  }
}
