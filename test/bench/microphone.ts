import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../../src/local/wire/clock.ts';
import { loud, quiet } from '../support/client.ts';
import type { Caller } from './caller.ts';

const FRAME_MS = 20;
/** Silence ends on a multiple of this, so that the next speech begins a frame of Flux (80 ms, Flux quickstart). */
const SILENCE_STEP_MS = 80;
const LOUD = loud(FRAME_MS);
const QUIET = quiet(FRAME_MS);

/** A caller's microphone: frames of 20 ms in real time, one after the other, on a clock that does not drift. */
export class Microphone {
  readonly #caller: Caller;
  #due = 0;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Speaks for `ms`; resolves with the time just before the last frame of it was sent. */
  async speak(ms: number): Promise<number> {
    return this.#send(LOUD, ms);
  }

  async pause(ms: number): Promise<void> {
    await this.#send(QUIET, ms);
  }

  /** Sends silence until the promise is settled, and to the end of a step. */
  async pauseUntil(settled: Promise<unknown>): Promise<void> {
    let over = false;
    const end = () => {
      over = true;
    };
    void settled.then(end, end);
    while (!over) await this.pause(SILENCE_STEP_MS);
  }

  async #send(frame: Uint8Array, ms: number): Promise<number> {
    let sentAt = now();
    // After a pause without frames the clock begins anew.
    if (this.#due < sentAt - FRAME_MS) this.#due = sentAt;
    for (let sent = 0; sent < ms; sent += FRAME_MS) {
      if (this.#due > now()) await sleep(this.#due - now());
      sentAt = now();
      this.#caller.audio(frame);
      this.#due += FRAME_MS;
    }
    return sentAt;
  }
}
