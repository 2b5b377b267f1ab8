import type { Phrases } from './phrases.ts';

/** The number words and written digits with which the words end. */
export function rowAtEnd(words: readonly string[], phrases: Phrases): readonly string[] {
  return words.slice(words.findLastIndex((word) => !isNumeric(word, phrases)) + 1);
}

/** True for written digits, a number word, and what belongs to one ("double", "hundred"). */
export function isNumeric(word: string, { numbers, repeats, magnitudes }: Phrases): boolean {
  return WRITTEN.test(word) || [numbers, repeats, magnitudes].some((list) => Object.hasOwn(list, word));
}

const WRITTEN = /^\d+$/;

/** How many digits are said or written; "double five" has two, and so has "twenty one". */
export function digitsIn(words: readonly string[], phrases: Phrases): number {
  let digits = 0;
  let times = 1;
  let round = false;
  for (const word of words) {
    const said = entryOf(word, phrases.numbers);
    const number = WRITTEN.test(word) ? word : said;
    const completesTens = round && number?.length === 1 && number !== '0';
    if (number !== undefined && !completesTens) digits += number.length * times;
    digits += entryOf(word, phrases.magnitudes) ?? 0;
    times = entryOf(word, phrases.repeats) ?? 1;
    round = said !== undefined && ROUND.test(said);
  }
  return digits;
}

const ROUND = /^[2-9]0$/;

/** The caller's word may be the name of something every object has. */
function entryOf<T>(word: string, list: Readonly<Record<string, T>>): T | undefined {
  return Object.hasOwn(list, word) ? list[word] : undefined;
}
