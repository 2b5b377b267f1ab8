import { durationMs } from '../audio/pcm.ts';
import { AudioReel } from '../audio/reel.ts';
import type { Heard } from './events.ts';

/**
 * How much of the caller's audio is kept for a recogniser that is not open or may be lost, in ms. Enough for a segment
 * of Nova that is not final yet (5 s), the time until a stall is noticed (3 s) and a handshake that hangs (5 s).
 */
export const HOLD_MS = 16_000;
/** How far before the end of the last word heard a replay begins, in ms: a word must not begin in its middle. */
const REWIND_MS = 500;
/** How far before the end of audio without words a replay begins, in ms: the first words may be told late. */
const ATTACK_MS = 1000;

/**
 * The caller's audio that a recogniser may have to be given again, and how far it was heard. Positions are ms of the
 * caller's audio in this call.
 */
export class Tape {
  #samplingRate = 0;
  #reel = new AudioReel(0);
  #endMs = 0;
  #heard: Heard = { untilMs: 0, exact: true, words: '' };

  /** All audio the caller has sent so far. */
  get endMs(): number {
    return this.#endMs;
  }

  /** How much is kept, in ms. */
  get heldMs(): number {
    return this.#samplingRate === 0 ? 0 : durationMs(this.#reel.heldBytes, this.#samplingRate);
  }

  /** What is kept, in order. */
  get pieces(): readonly Uint8Array[] {
    return this.#reel.pieces;
  }

  /** Where the audio that is kept begins. */
  get startMs(): number {
    return Math.max(0, this.#endMs - this.heldMs);
  }

  /** Where the last word heard ends; 0 when nobody knows. */
  get heardMs(): number {
    return this.#heard.exact ? this.#heard.untilMs : 0;
  }

  /** What a recogniser that is given what is kept must not tell again. */
  get heard(): Heard | undefined {
    return this.#heard.words !== '' && this.startMs < this.#heard.untilMs ? this.#heard : undefined;
  }

  /** Audio comes at this rate, in Hz, from now on; what was kept of another rate is forgotten. */
  runAt(samplingRate: number): void {
    if (samplingRate === this.#samplingRate) return;
    this.#samplingRate = samplingRate;
    this.#reel = new AudioReel((HOLD_MS / 1000) * samplingRate * 2);
  }

  /** Keeps audio; true when older audio had to go for it. */
  record(pcm: Uint8Array): boolean {
    this.#count(pcm);
    return this.#reel.push(pcm) > 0;
  }

  /** Counts audio that nobody is to hear, nor what came before it. */
  skip(pcm: Uint8Array): void {
    this.#count(pcm);
    this.#reel.trim(0);
  }

  /** These words need not be heard again; the last ends at `endMs`. */
  hear(words: string, endMs: number | undefined): void {
    if (endMs !== undefined && endMs < this.heardMs) return;
    this.#heard = { untilMs: endMs ?? this.#endMs, exact: endMs !== undefined, words };
    if (endMs !== undefined) this.#keepFrom(endMs - REWIND_MS);
  }

  /** There are no words up to `ms` that were not heard. */
  listened(ms: number): void {
    this.#keepFrom(ms - ATTACK_MS);
  }

  #count(pcm: Uint8Array): void {
    this.#endMs += durationMs(pcm.byteLength, this.#samplingRate);
  }

  #keepFrom(ms: number): void {
    const keptMs = Math.max(0, this.#endMs - ms);
    this.#reel.trim(Math.ceil((keptMs / 1000) * this.#samplingRate) * 2);
  }
}
