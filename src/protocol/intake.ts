import { Allowance } from './allowance.ts';

/** How many seconds' worth of frames may come at once: what a client keeps while its line is gone, and as much again. */
export const RESERVE_S = 20;
/** How often a client is told that its frames are dropped, in ms: not with a frame for every frame. */
const TELL_EVERY_MS = 1000;
/** After so many seconds' worth of frames that were dropped the connection is closed. */
const MOST_DROPPED_S = 10;

export interface IntakePlan {
  /** Frames a client may send per second, on average over the reserve. */
  readonly messagesPerSecond: number;
  /** Bytes a client may send per second, in the same way. */
  readonly bytesPerSecond: number;
}

/** What becomes of a frame: it is taken, or dropped, and perhaps the client is to be told why, or cut off. */
export type Verdict = 'taken' | 'dropped' | 'too_many_messages' | 'too_many_bytes' | 'cut-off';

/** What one connection may send: a client that sends more loses the frames beyond it, and at last the connection. */
export class Intake {
  readonly #messages: Allowance;
  readonly #bytes: Allowance;
  readonly #mostDropped: number;
  #dropped = 0;
  #toldAt: number | undefined;

  constructor({ messagesPerSecond, bytesPerSecond }: IntakePlan) {
    this.#messages = new Allowance(messagesPerSecond, RESERVE_S);
    this.#bytes = new Allowance(bytesPerSecond, RESERVE_S);
    this.#mostDropped = messagesPerSecond * MOST_DROPPED_S;
  }

  /** Weighs a frame of so many bytes that comes at `now`, in ms. */
  weigh(bytes: number, now: number): Verdict {
    const fits = this.#messages.take(1, now);
    if (fits && this.#bytes.take(bytes, now)) return 'taken';
    this.#dropped++;
    if (this.#dropped > this.#mostDropped) return 'cut-off';
    if (this.#toldAt !== undefined && now - this.#toldAt < TELL_EVERY_MS) return 'dropped';
    this.#toldAt = now;
    return fits ? 'too_many_bytes' : 'too_many_messages';
  }
}
