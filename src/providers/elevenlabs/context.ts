import type { Alignment } from '../../conversation/events.ts';
import { durationMs } from './phrase-sound.ts';

/**
 * How long the first audio of a reply may take, in ms. The vendor takes about 200 and rarely 600; a synthesiser on a
 * loaded machine takes a second.
 */
const FIRST_AUDIO_MS = 1500;
/** How long audio may take after other audio of the reply came, in ms: what came before still sounds. */
const NEXT_AUDIO_MS = 3000;
/** Audio that pauses this long after all text was sent is over, though not every character was aligned, in ms. */
const QUIET_MS = 1000;
/** The share of the characters, and of their sound, that makes a reply nearly covered: normalised numbers and symbols may go uncounted. */
const NEARLY = 0.9;
/** Audio that ends less than this before its last character does is whole, in ms: times are rounded. */
const SAME_TIME_MS = 20;
/** How long the last frame may take after a context was closed, in ms. */
const CLOSE_MS = 1500;

/** One reply being spoken on the socket: what was sent, what has sounded, and what is due. */
export class SpeechContext {
  readonly reply: number;
  /** `complete`: all its text was sent; `closing`: its last frame is awaited; `cancelled`: nobody listens any more. */
  #state: 'speaking' | 'complete' | 'closing' | 'cancelled' = 'speaking';
  #sentCharacters = 0;
  #voicedCharacters = 0;
  #due: number | undefined;
  #oddByte: number | undefined;
  #aligned = false;
  #sounded = false;
  readonly #sampleRate: number;
  /** Audio that has come, and where it will end by the characters that were told, in ms. */
  #audioMs = 0;
  #endsMs = 0;

  /** `sampleRate` in Hz. */
  constructor(reply: number, sampleRate: number) {
    this.reply = reply;
    this.#sampleRate = sampleRate;
  }

  get state(): 'speaking' | 'complete' | 'closing' | 'cancelled' {
    return this.#state;
  }

  /** When something should have happened, in ms since the epoch. */
  get deadline(): number | undefined {
    return this.#due;
  }

  /** Every character that was sent has come back, and its sound as well: characters are told ahead of their sound. */
  get covered(): boolean {
    return this.#told && this.#audioMs >= this.#endsMs - SAME_TIME_MS;
  }

  /** So much has sounded that silence means the end; without any alignment, whatever has sounded. */
  get nearlyCovered(): boolean {
    if (!this.#sounded) return false;
    if (!this.#aligned) return true;
    return this.#voicedCharacters >= this.#sentCharacters * NEARLY && this.#audioMs >= this.#endsMs * NEARLY;
  }

  get #told(): boolean {
    return this.#voicedCharacters >= this.#sentCharacters;
  }

  said(text: string, now: number): void {
    this.#sentCharacters += dense(text);
    // More text is no reason to wait longer for the sound of what was sent before.
    this.#due ??= now + (this.#sounded ? NEXT_AUDIO_MS : FIRST_AUDIO_MS);
  }

  /** Takes audio; returns its whole samples. A sample that two pieces share is put together. */
  heard(audio: Uint8Array, alignment: Alignment | undefined, now: number): Uint8Array {
    this.#sounded = true;
    if (alignment !== undefined) {
      this.#aligned = true;
      for (const character of alignment.characters) this.#voicedCharacters += dense(character);
      this.#endsMs = alignment.endMs.reduce((end, ms) => Math.max(end, this.#audioMs + ms), this.#endsMs);
    }
    this.#audioMs += durationMs(audio.byteLength, this.#sampleRate);
    this.#due = this.#next(now);
    return this.#whole(audio);
  }

  finish(now: number): void {
    this.#state = 'complete';
    if (this.nearlyCovered && !this.covered) this.#due = now + QUIET_MS;
  }

  close(now: number): void {
    this.#state = 'closing';
    this.#due = now + CLOSE_MS;
  }

  /** It counts as alive until the vendor has said that it is over, however long that takes. */
  cancel(): void {
    this.#state = 'cancelled';
    this.#due = undefined;
  }

  #next(now: number): number | undefined {
    if (this.#state === 'closing') return now + CLOSE_MS;
    // Only at the end does it matter that the last bit of sound is missing.
    if (this.covered || (this.#state === 'speaking' && this.#told && this.nearlyCovered)) return undefined;
    return now + (this.#state === 'complete' && this.nearlyCovered ? QUIET_MS : NEXT_AUDIO_MS);
  }

  #whole(audio: Uint8Array): Uint8Array {
    let bytes = audio;
    if (this.#oddByte !== undefined) {
      bytes = new Uint8Array(1 + audio.byteLength);
      bytes[0] = this.#oddByte;
      bytes.set(audio, 1);
    }
    const whole = bytes.byteLength - (bytes.byteLength % 2);
    this.#oddByte = bytes[whole];
    return bytes.subarray(0, whole);
  }
}

function dense(text: string): number {
  return text.replace(/\s+/g, '').length;
}
