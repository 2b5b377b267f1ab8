/** An utterance split where the listener stopped hearing it. Joined with a space they are its text again. */
export interface HeardSplit {
  readonly heard: string;
  readonly unheard: string;
}

/** Splits after the first `heardWords` words; words are what stands between white space. */
export function splitHeard(text: string, heardWords: number): HeardSplit {
  const words = text.split(/\s+/).filter((word) => word !== '');
  return { heard: words.slice(0, heardWords).join(' '), unheard: words.slice(heardWords).join(' ') };
}

/** How many words a listener heard of `text`, guessed from the share (0..1) of its sound; a word cut in half was not heard. */
export function guessHeardWords(text: string, share: number): number {
  const characters = Math.floor(text.length * share);
  const words = text
    .slice(0, characters)
    .split(/\s+/)
    .filter((word) => word !== '').length;
  const cutInHalf =
    characters < text.length && /\S/.test(text.charAt(characters - 1)) && /\S/.test(text.charAt(characters));
  return cutInHalf ? words - 1 : words;
}
