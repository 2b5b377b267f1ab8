import { Pace } from '../../audio/pace.ts';
import { durationMs } from '../../audio/pcm.ts';

/**
 * How much audio waits for its time at most, in ms: what is kept for a replay, and as much again from a client that
 * sends faster than it records. Beyond it audio leaves at once, because no word may be lost.
 */
const QUEUE_MS = 32_000;
/** A queue leaves in steps of this much audio, in ms: a timer for every frame would be waste. */
const STEP_MS = 100;

/** What goes to a recogniser, in order, no faster than it takes audio. Live audio passes straight through. */
export class Outbox {
  readonly #samplingRate: number;
  readonly #pace: Pace;
  readonly #send: (data: Uint8Array | string) => void;
  #queue: (Uint8Array | string)[] = [];
  #queuedMs = 0;

  /** `speed`: ms of audio for every ms of time. Audio is 16-bit mono PCM at `samplingRate` Hz. */
  constructor(samplingRate: number, speed: number, send: (data: Uint8Array | string) => void) {
    this.#samplingRate = samplingRate;
    this.#pace = new Pace(speed);
    this.#send = send;
  }

  /** When `tick` is wanted next, in ms; undefined while nothing waits. */
  get readyAt(): number | undefined {
    const [next] = this.#queue;
    if (next === undefined) return undefined;
    return this.#pace.readyAt(Math.max(this.#lengthOf(next), Math.min(STEP_MS, this.#queuedMs)));
  }

  /** `frame` is not written to afterwards. */
  audio(frame: Uint8Array, now: number): void {
    const ms = durationMs(frame.byteLength, this.#samplingRate);
    if (this.#queue.length === 0 && this.#pace.admits(ms, now)) return this.#send(frame);
    this.#queue.push(frame);
    this.#queuedMs += ms;
    while (this.#queuedMs > QUEUE_MS) this.#pace.force(this.#next());
  }

  /** Takes the place behind the audio so far. */
  text(message: string): void {
    if (this.#queue.length === 0) this.#send(message);
    else this.#queue.push(message);
  }

  tick(now: number): void {
    let [next] = this.#queue;
    while (next !== undefined && this.#pace.admits(this.#lengthOf(next), now)) {
      this.#next();
      [next] = this.#queue;
    }
  }

  empty(): void {
    this.#queue = [];
    this.#queuedMs = 0;
  }

  /** Sends what is first; returns how long it lasts, in ms. */
  #next(): number {
    const next = this.#queue.shift();
    if (next === undefined) return 0;
    const ms = this.#lengthOf(next);
    this.#queuedMs -= ms;
    this.#send(next);
    return ms;
  }

  #lengthOf(data: Uint8Array | string): number {
    return typeof data === 'string' ? 0 : durationMs(data.byteLength, this.#samplingRate);
  }
}
