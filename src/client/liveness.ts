/** How often it looks, in ms. */
export const LOOK_EVERY_MS = 500;
/** A listening server may rightly be silent for minutes, so after this much silence, in ms, it is asked something. */
const SILENCE_MS = 5000;
/** How long the answer may take, in ms. */
const ANSWER_MS = 5000;
/** Bytes that wait and of which none has left for this long, in ms, are stuck: the slowest uplink that carries a voice moves some. */
const STUCK_MS = 3000;
/** Looks that lie further apart than this, in ms, say that the page itself stood still: nothing is known of that time. */
const STANDSTILL_MS = 3000;

/** What has gone through a socket so far: bytes that were given to it, and those of them that still wait. */
export interface Uplink {
  readonly sentBytes: number;
  readonly waitingBytes: number;
}

/**
 * Tells a connection that died without a close from one on which the server has nothing to say. It is dead when nothing
 * leaves although something waits and nothing comes, or when a question stays unanswered. Pure: times are ms of any
 * steady clock.
 */
export class Liveness {
  #lookedAt: number;
  #heardAt: number;
  #askedAt: number | undefined;
  #leftBytes = 0;
  #movedAt: number;

  constructor(now: number) {
    this.#lookedAt = now;
    this.#heardAt = now;
    this.#movedAt = now;
  }

  /** Any frame of the server has come. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#askedAt = undefined;
  }

  /** The network or the page was away: the connection may be, too, and is asked after at the next look. */
  doubt(now: number): void {
    this.#heardAt = Math.min(this.#heardAt, now - SILENCE_MS);
  }

  /** A question is unanswered: what is sent now may go nowhere. */
  get asks(): boolean {
    return this.#askedAt !== undefined;
  }

  /** To be called every `LOOK_EVERY_MS`. `ask`: send something that the server answers. */
  look(now: number, uplink: Uplink): 'alive' | 'ask' | 'dead' {
    if (now - this.#lookedAt > STANDSTILL_MS) this.#forget(now);
    this.#lookedAt = now;
    this.#measure(now, uplink);
    if (now - Math.max(this.#heardAt, this.#movedAt) >= STUCK_MS) return 'dead';
    if (this.#askedAt !== undefined) return now - this.#askedAt >= ANSWER_MS ? 'dead' : 'alive';
    if (now - this.#heardAt < SILENCE_MS) return 'alive';
    this.#askedAt = now;
    return 'ask';
  }

  #measure(now: number, { sentBytes, waitingBytes }: Uplink): void {
    const leftBytes = sentBytes - waitingBytes;
    if (leftBytes > this.#leftBytes || waitingBytes === 0) this.#movedAt = now;
    this.#leftBytes = leftBytes;
  }

  #forget(now: number): void {
    this.#heardAt = now;
    this.#movedAt = now;
    this.#askedAt = undefined;
  }
}
