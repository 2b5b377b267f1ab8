import { soundOut } from './sounding.ts';

/** How words sound, in the phones of the acoustic model. */
export class Lexicon {
  readonly #lines = new Map<string, string[]>();

  /** Reads a dictionary with one pronunciation a line: `word P H O N E S`, further ones as `word(2) …`. */
  constructor(dictionary: string) {
    for (const line of dictionary.split('\n')) {
      const word = line.slice(0, line.search(/[\s(]|$/));
      if (word === '') continue;
      const lines = this.#lines.get(word);
      if (lines === undefined) this.#lines.set(word, [line]);
      else lines.push(line);
    }
  }

  has(word: string): boolean {
    return this.#lines.has(word);
  }

  /** The dictionary's lines for these words; a word it lacks is sounded out by its letters. */
  excerpt(words: Iterable<string>): string {
    let text = '';
    for (const word of words) {
      for (const line of this.#lines.get(word) ?? [`${word} ${soundOut(word).join(' ')}`])
        text += `${line}\n`;
    }
    return text;
  }
}
