/** How far the time since the listener's last report counts as played, in ms: reports come five times a second. */
const TRUST_MS = 1000;
/** A listener that has reported nothing for so long is taken for one that never does, in ms. */
const SILENT_MS = 10_000;

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
  /** Audio was sent after the listener had fallen silent, so that its last report tells nothing of it. */
  #deserted = false;
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
    if (this.#reported !== undefined && now >= this.#reported.at + SILENT_MS) this.#deserted = true;
    this.#sentMs += ms;
    this.#endsAt = Math.max(this.#endsAt, this.#moment(now)) + ms;
  }

  /** Stops the clock, unless the listener is one that never reports: it is taken to play on. */
  pause(now: number): void {
    this.#pausedAt ??= now;
  }

  resume(now: number): void {
    const stoodStillMs = now - this.#moment(now);
    this.#endsAt += stoodStillMs;
    if (this.#reported !== undefined) this.#reported.at += stoodStillMs;
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
    const stoodStillMs = this.#moment(now) - stood;
    this.#endsAt += stoodStillMs;
    if (this.#reported !== undefined) this.#reported.at += stoodStillMs;
  }

  /** Takes the listener's word; what runs backwards or beyond the audio sent is bounded, not believed. */
  reported(playedMs: number, ended: boolean, now: number): void {
    const floor = this.#reported?.playedMs ?? 0;
    const played = Math.min(Math.max(playedMs, floor), this.#sentMs);
    if (played > 0) this.#firstHeardAt ??= now - played;
    this.#reported = { playedMs: played, at: now };
    this.#deserted = false;
    this.#endsAt = this.#moment(now) + (this.#sentMs - played);
    if (ended) this.#ended = true;
  }

  /** How much has sounded by `now`, in ms: 0 to `sentMs`. */
  heardMs(now: number): number {
    if (this.#ended && this.#reported) return this.#reported.playedMs;
    return Math.max(0, this.#sentMs - Math.max(0, this.#endsAt - this.#moment(now)));
  }

  /** How much of the audio sent is known not to have sounded yet, in ms: a listener that has fallen silent may have stopped. */
  aheadMs(now: number): number {
    if (this.#reported === undefined || this.#deserted || now >= this.#reported.at + SILENT_MS)
      return Math.max(0, this.#endsAt - this.#moment(now));
    const since = Math.min(TRUST_MS, this.#moment(now) - this.#reported.at);
    return Math.max(0, this.#sentMs - this.#reported.playedMs - Math.max(0, since));
  }

  /** When `aheadMs` will have come down to `ms`; undefined while the listener is paused. */
  aheadFallsTo(ms: number): number | undefined {
    if (this.#reported === undefined) return this.#endsAt - ms;
    if (this.paused) return undefined;
    if (this.#deserted) return this.#endsAt - ms;
    const { at, playedMs } = this.#reported;
    const leftMs = this.#sentMs - playedMs - ms;
    return leftMs <= TRUST_MS ? at + leftMs : Math.max(at + SILENT_MS, this.#endsAt - ms);
  }

  /** The time that counts for playing: it stands still while a listener is gone, or one who reports is paused. */
  #moment(now: number): number {
    const there = Math.min(now, this.#lostAt ?? now);
    return this.hasReports ? Math.min(there, this.#pausedAt ?? there) : there;
  }
}
