import { now } from '../../src/local/wire/clock.ts';
import type { Caller } from './caller.ts';
import { StampedFrame } from './stamped-frame.ts';

const FRAME_MS = 20;

/** The microphones of many callers on one timer: every call a frame each 20 ms, evenly phased. */
export class Microphones {
  readonly #callers: readonly Caller[];
  readonly #frames: readonly StampedFrame[];
  #timer: NodeJS.Timeout | undefined;
  #began = 0;
  #sent = 0;
  #lagMs = 0;

  constructor(callers: readonly Caller[]) {
    this.#callers = callers;
    this.#frames = callers.map((caller) => new StampedFrame(caller));
  }

  start(): void {
    this.#began = now();
    this.#sent = 0;
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Frames sent since `start`. */
  get sent(): number {
    return this.#sent;
  }

  /** By how much a frame was sent too late at most since the last call of it, in ms. */
  takeLag(): number {
    const lag = this.#lagMs;
    this.#lagMs = 0;
    return lag;
  }

  #tick(): void {
    const stepMs = FRAME_MS / this.#callers.length;
    for (;;) {
      const at = now();
      const due = this.#began + this.#sent * stepMs;
      if (due > at) break;
      this.#lagMs = Math.max(this.#lagMs, at - due);
      const call = this.#sent % this.#callers.length;
      const frame = this.#frames[call];
      if (frame !== undefined) this.#callers[call]?.raw(frame.stamped(at));
      this.#sent += 1;
    }
    this.#timer = setTimeout(() => this.#tick(), 1);
  }
}
