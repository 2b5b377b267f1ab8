import type { Heard, HeardWord, Listener, Pauses } from '../sources.ts';

const SAMPLES_PER_MS = 16;
/** Samples of the first word of a vocabulary have this magnitude, and those of every further word `STEP` more. */
const FIRST_LEVEL = 1000;
const LEVEL_STEP = 100;
/** A shorter sound is no word, in ms. */
const SHORTEST_WORD_MS = 20;
const CONFIDENCE = 0.98;

/** The magnitude of every sample of the word at `index` of the vocabulary. */
export function levelOf(index: number): number {
  return FIRST_LEVEL + index * LEVEL_STEP;
}

/**
 * Hears in every sound the word that its loudness spells, so that audio that is sent again is heard again as the same
 * words, as by a real recogniser. Pauses are counted in audio, not by the clock.
 */
export class SpelledListener implements Listener {
  readonly #vocabulary: readonly string[];
  readonly #report: (heard: Heard) => void;
  #pauses: Pauses;
  #samples = 0;
  #words: HeardWord[] = [];
  #sound: { readonly level: number; readonly from: number; length: number } | undefined;
  #shown = '';
  #paused = false;

  constructor(vocabulary: readonly string[], pauses: Pauses, report: (heard: Heard) => void) {
    this.#vocabulary = vocabulary;
    this.#pauses = pauses;
    this.#report = report;
  }

  write(samples: Int16Array): void {
    const before = this.#spokenMs;
    for (const sample of samples) this.#hear(Math.abs(sample));
    const audioMs = this.#audioMs;
    const speaking = this.#spokenMs !== before;
    if (speaking && this.#shown === '' && this.#heard.length > 0)
      this.#report({ type: 'speech', startMs: this.#heard[0]?.startMs ?? audioMs });
    if (speaking && this.#paused) this.#resume(audioMs);
    this.#show(audioMs);
    this.#report({ type: 'activity', audioMs, speaking });
    this.#pause(audioMs);
  }

  finish(): void {
    this.#end('asked');
  }

  retune(pauses: Pauses): void {
    this.#pauses = pauses;
  }

  close(): void {
    this.#words = [];
    this.#sound = undefined;
  }

  get #audioMs(): number {
    return this.#samples / SAMPLES_PER_MS;
  }

  /** The words of the running segment, the one that is being said included. */
  get #heard(): readonly HeardWord[] {
    const word = this.#wordOf(this.#sound);
    return word === undefined ? this.#words : [...this.#words, word];
  }

  get #spokenMs(): number {
    return this.#heard.at(-1)?.endMs ?? 0;
  }

  #hear(level: number): void {
    if (this.#sound?.level !== level) {
      const word = this.#wordOf(this.#sound);
      if (word !== undefined) this.#words.push(word);
      this.#sound = { level, from: this.#samples, length: 0 };
    }
    this.#sound.length++;
    this.#samples++;
  }

  #wordOf(sound: { level: number; from: number; length: number } | undefined): HeardWord | undefined {
    if (sound === undefined || sound.length < SHORTEST_WORD_MS * SAMPLES_PER_MS) return undefined;
    const written = this.#vocabulary[(sound.level - FIRST_LEVEL) / LEVEL_STEP];
    if (written === undefined) return undefined;
    const startMs = sound.from / SAMPLES_PER_MS;
    const endMs = startMs + sound.length / SAMPLES_PER_MS;
    const word = written.toLowerCase().replace(/[^\p{L}\p{N}']+/gu, '');
    return { word, written, startMs, endMs, confidence: CONFIDENCE };
  }

  #show(audioMs: number): void {
    const words = this.#heard;
    const shown = words.map((word) => word.word).join(' ');
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#report({ type: 'interim', audioMs, words });
  }

  #resume(audioMs: number): void {
    this.#paused = false;
    this.#report({ type: 'resumed', audioMs });
  }

  #pause(audioMs: number): void {
    const { pauseMs = Number.POSITIVE_INFINITY, eagerPauseMs = Number.POSITIVE_INFINITY } = this.#pauses;
    if (this.#heard.length === 0) return;
    const silentMs = audioMs - this.#spokenMs;
    if (silentMs >= pauseMs) return this.#end('pause');
    if (silentMs < eagerPauseMs || this.#paused) return;
    this.#paused = true;
    this.#report({ type: 'eager', audioMs });
  }

  #end(end: 'pause' | 'asked'): void {
    const words = this.#heard;
    this.#words = [];
    this.#sound = undefined;
    this.#shown = '';
    this.#paused = false;
    this.#report({ type: 'final', audioMs: this.#audioMs, words, end });
  }
}
