import { bareWords } from './turn.ts';

/** Where a sentence is whole, a single word that comes again begins the next one. */
const SENTENCE_END = /[.!?…]["'”’)]*$/;

/**
 * Joins an answer that broke off to the text that goes on with it: what that text repeats of the end of what was said
 * is taken off its beginning. Words are compared without capitals and marks.
 */
export class Splice {
  readonly #said: readonly string[];
  /** The fewest words that are taken for a repetition. */
  readonly #fewest: number;
  #held = '';
  #open: boolean;

  /** `said`: all that was said before. */
  constructor(said: string) {
    this.#said = wordsOf(said);
    this.#fewest = SENTENCE_END.test(said) ? 2 : 1;
    this.#open = this.#said.length >= this.#fewest;
  }

  /** Takes the next text; returns what is surely new. Holds back at most as many words as were said. */
  push(text: string): string {
    if (!this.#open) return text;
    this.#held += text;
    // The last word may still grow.
    const words = wordsOf(this.#held.replace(/\S+$/, ''));
    return this.#mayRepeatMore(words) ? '' : this.#close(words);
  }

  /** The rest, when the text is over. */
  flush(): string {
    return this.#open ? this.#close(wordsOf(this.#held)) : '';
  }

  #mayRepeatMore(words: readonly string[]): boolean {
    return this.#said.some(
      (_, from) => this.#said.length - from > words.length && this.#repeats(words, from, words.length),
    );
  }

  #close(words: readonly string[]): string {
    this.#open = false;
    const from = this.#said.findIndex(
      (_, at) => this.#said.length - at <= words.length && this.#repeats(words, at, this.#said.length - at),
    );
    const count = from < 0 ? 0 : this.#said.length - from;
    return count < this.#fewest ? this.#held : withoutWords(this.#held, count);
  }

  /** Whether what was said goes on, from one of its words, with these words. */
  #repeats(words: readonly string[], from: number, count: number): boolean {
    for (let i = 0; i < count; i++) if (this.#said[from + i] !== words[i]) return false;
    return true;
  }
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).flatMap((word) => (word === '' ? [] : [bareWords(word)]));
}

function withoutWords(text: string, count: number): string {
  return text.replace(new RegExp(`^(?:\\s*\\S+){${count}}\\s*`), '');
}
