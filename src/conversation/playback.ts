/**
 * How much of an utterance has sounded. Until the listener reports, it assumes that audio plays from the moment it was
 * sent, without gaps while there is any; a report replaces the assumption and time goes on from it.
 */
export class PlaybackClock {
  #sentMs = 0;
  /** When the audio sent so far will have sounded, if it plays without a stop. */
  #endsAt = 0;
  #reported: { playedMs: number; at: number } | undefined;
  #ended = false;

  get sentMs(): number {
    return this.#sentMs;
  }

  /** When everything sent will have sounded. */
  get endsAt(): number {
    return this.#endsAt;
  }

  /** The listener has reported at least once. */
  get hasReports(): boolean {
    return this.#reported !== undefined;
  }

  /** The listener said that the utterance has stopped sounding. */
  get ended(): boolean {
    return this.#ended;
  }

  sent(ms: number, now: number): void {
    this.#sentMs += ms;
    this.#endsAt = Math.max(this.#endsAt, now) + ms;
  }

  /** Takes the listener's word; what runs backwards or beyond the audio sent is bounded, not believed. */
  reported(playedMs: number, ended: boolean, now: number): void {
    const floor = this.#reported?.playedMs ?? 0;
    const played = Math.min(Math.max(playedMs, floor), this.#sentMs);
    this.#reported = { playedMs: played, at: now };
    this.#endsAt = now + (this.#sentMs - played);
    if (ended) this.#ended = true;
  }

  /** How much has sounded by `now`, in ms: 0 to `sentMs`. */
  heardMs(now: number): number {
    if (this.#ended && this.#reported) return this.#reported.playedMs;
    return Math.max(0, this.#sentMs - Math.max(0, this.#endsAt - now));
  }
}
