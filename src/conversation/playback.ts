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
  #pausedAt: number | undefined;
  #firstHeardAt: number | undefined;
  #lostAt: number | undefined;

  get sentMs(): number {
    return this.#sentMs;
  }

  /** When everything sent will have sounded; while it is paused, when it would have. */
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

  /** When its first sound was heard, by the listener's word. */
  get firstHeardAt(): number | undefined {
    return this.#firstHeardAt;
  }

  /** The listener was asked to stop for a while. */
  get paused(): boolean {
    return this.#pausedAt !== undefined;
  }

  sent(ms: number, now: number): void {
    this.#sentMs += ms;
    this.#endsAt = Math.max(this.#endsAt, this.#moment(now)) + ms;
  }

  /** Stops the clock, unless the listener is one that never reports: it is taken to play on. */
  pause(now: number): void {
    this.#pausedAt ??= now;
  }

  resume(now: number): void {
    this.#endsAt += now - this.#moment(now);
    this.#pausedAt = undefined;
  }

  /** The listener is gone: what he hears meanwhile is not known, so the clock stands. */
  lost(now: number): void {
    this.#lostAt ??= now;
  }

  /** The listener is there again. */
  found(now: number): void {
    const stood = this.#moment(now);
    this.#lostAt = undefined;
    this.#endsAt += this.#moment(now) - stood;
  }

  /** Takes the listener's word; what runs backwards or beyond the audio sent is bounded, not believed. */
  reported(playedMs: number, ended: boolean, now: number): void {
    const floor = this.#reported?.playedMs ?? 0;
    const played = Math.min(Math.max(playedMs, floor), this.#sentMs);
    if (played > 0) this.#firstHeardAt ??= now - played;
    this.#reported = { playedMs: played, at: now };
    this.#endsAt = this.#moment(now) + (this.#sentMs - played);
    if (ended) this.#ended = true;
  }

  /** How much has sounded by `now`, in ms: 0 to `sentMs`. */
  heardMs(now: number): number {
    if (this.#ended && this.#reported) return this.#reported.playedMs;
    return Math.max(0, this.#sentMs - Math.max(0, this.#endsAt - this.#moment(now)));
  }

  /** The time that counts for playing: it stands still while a listener is gone, or one who reports is paused. */
  #moment(now: number): number {
    const there = Math.min(now, this.#lostAt ?? now);
    return this.hasReports ? Math.min(there, this.#pausedAt ?? there) : there;
  }
}
