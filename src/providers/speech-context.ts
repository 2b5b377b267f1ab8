import type { Alignment } from '../conversation/events.ts';

/** How long audio may take after text was sent, in ms. */
const FIRST_AUDIO_MS = 3000;
/** Audio that pauses this long after all text was sent is over, though not every character was aligned, in ms. */
const QUIET_MS = 1000;
/** The share of the characters that makes a reply nearly covered: normalised numbers and symbols may go uncounted. */
const NEARLY = 0.9;
/** How long the last frame may take after a context was closed, in ms. */
const CLOSE_MS = 1500;

/** One reply being spoken on the socket: what was sent, what has sounded, and what is due. */
export class SpeechContext {
  readonly reply: number;
  #sentCharacters = 0;
  #voicedCharacters = 0;
  #due: number | undefined;
  #oddByte: Uint8Array = new Uint8Array(0);
  #aligned = false;
  #sounded = false;
  #complete = false;
  #closing = false;
  #cancelled = false;

  constructor(reply: number) {
    this.reply = reply;
  }

  get deadline(): number | undefined {
    return this.#due;
  }

  /** All its text was sent. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Every character that was sent has come back with audio. */
  get covered(): boolean {
    return this.#voicedCharacters >= this.#sentCharacters;
  }

  /** So much has sounded that silence means the end; without any alignment, whatever has sounded. */
  get nearlyCovered(): boolean {
    if (!this.#sounded) return false;
    return !this.#aligned || this.#voicedCharacters >= this.#sentCharacters * NEARLY;
  }

  get closing(): boolean {
    return this.#closing;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  said(text: string, now: number): void {
    this.#sentCharacters += dense(text);
    this.#due = now + FIRST_AUDIO_MS;
  }

  /** Takes audio; returns its whole samples. */
  heard(audio: Uint8Array, alignment: Alignment | undefined, now: number): Uint8Array {
    for (const character of alignment?.characters ?? []) this.#voicedCharacters += dense(character);
    this.#due =
      this.#complete || !this.covered ? now + (this.#complete ? QUIET_MS : FIRST_AUDIO_MS) : undefined;
    const bytes = this.#oddByte.byteLength === 0 ? audio : Uint8Array.of(...this.#oddByte, ...audio);
    const whole = bytes.byteLength - (bytes.byteLength % 2);
    this.#oddByte = bytes.slice(whole);
    return bytes.subarray(0, whole);
  }

  finish(now: number): void {
    this.#complete = true;
    if (this.nearlyCovered && !this.covered) this.#due = now + QUIET_MS;
  }

  close(now: number): void {
    this.#closing = true;
    this.#due = now + CLOSE_MS;
  }

  cancel(): void {
    this.#cancelled = true;
  }
}

function dense(text: string): number {
  return text.replace(/\s+/g, '').length;
}
