import { now } from '../../src/local/wire/clock.ts';

/**
 * The length of a microphone's frame, in ms. Frames of 20 ms from 200 callers are 10,000 messages a second, which takes
 * workerd a whole core on a small machine before anything is done with them (`npm run bench -- --only hot-path`, floor).
 */
export const FRAME_MS = 60;

/** Many microphones on one timer: each is told to record its next frame in time, evenly phased. */
export class Microphones {
  readonly #record: readonly (() => void)[];
  readonly #began = now();
  #timer: NodeJS.Timeout | undefined;
  #recorded = 0;
  #late = 0;
  #lagMs = 0;

  constructor(record: readonly (() => void)[]) {
    this.#record = record;
    this.#tick();
  }

  /** Frames so far, those that were recorded more than a frame too late, and by how much at most, in ms. */
  get figures(): { readonly frames: number; readonly late: number; readonly lagMs: number } {
    return { frames: this.#recorded, late: this.#late, lagMs: this.#lagMs };
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const stepMs = FRAME_MS / this.#record.length;
    for (;;) {
      const at = now();
      const due = this.#began + this.#recorded * stepMs;
      if (due > at) break;
      this.#lagMs = Math.max(this.#lagMs, at - due);
      if (at - due > FRAME_MS) this.#late += 1;
      this.#record[this.#recorded % this.#record.length]?.();
      this.#recorded += 1;
    }
    this.#timer = setTimeout(() => this.#tick(), 1);
  }
}
