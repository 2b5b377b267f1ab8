import type { HeardWord } from '../sources.ts';

export interface Style {
  /** Capitals and punctuation, as `punctuate` and `smart_format` ask for. */
  readonly punctuate: boolean;
  /** Whether the words begin and end a sentence. */
  readonly begins: boolean;
  readonly ends: boolean;
}

/** The words as they are written in a transcript, one for one. */
export function writtenWords(words: readonly HeardWord[], { punctuate, begins, ends }: Style): string[] {
  return words.map((heard, i) => {
    if (!punctuate) return heard.word;
    if (heard.written !== undefined) return heard.written;
    const own = /^i($|')/.test(heard.word) || (begins && i === 0);
    const word = own ? capitalised(heard.word) : heard.word;
    return ends && i === words.length - 1 ? `${word}.` : word;
  });
}

/** Mean confidence of the words, 0 without any, as the vendor reports it. */
export function confidenceOf(words: readonly HeardWord[]): number {
  if (words.length === 0) return 0;
  return rounded(words.reduce((sum, word) => sum + word.confidence, 0) / words.length);
}

/** Milliseconds as the seconds of the wire, to the millisecond. */
export function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

export function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
