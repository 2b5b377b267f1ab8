/**
 * The bare words of a transcript: lower case, straight apostrophes, no punctuation, hyphenated words in their parts and
 * drawn-out letters ("yeahhh", "mmmm") once.
 */
export function wordsOf(text: string): readonly string[] {
  const plain = text.toLowerCase().normalize('NFC').replace(APOSTROPHE, "'").replace(DRAWN_OUT, '$1');
  return plain.match(WORD) ?? [];
}

const APOSTROPHE = /[\u2018\u2019\u02bc\u00b4`]/g;
const DRAWN_OUT = /(\p{L})\1{2,}/gu;
const WORD = /[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}\p{N}]+)*/gu;
