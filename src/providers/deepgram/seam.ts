import type { Heard } from '../../conversation/events.ts';

/** How far two connections may disagree about where a word is, in ms. */
const JITTER_MS = 200;
/** How many of the last words heard are looked for in a transcript without times. */
const MOST_COMPARED = 8;

/** A word of a transcript. Times are ms of the caller's audio in the call, where the recogniser tells them. */
export interface TimedWord {
  readonly text: string;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
}

export interface Fresh {
  readonly text: string;
  readonly words: readonly TimedWord[];
}

/**
 * Where a connection takes over from the one before it: tells the words of its transcripts that were heard already
 * from those that were not. A word is where its middle is.
 */
export class Seam {
  readonly #heard: Heard | undefined;
  readonly #tail: readonly string[];

  /** `heard`: what the connection before had told; undefined if nothing is heard twice. */
  constructor(heard: Heard | undefined) {
    this.#heard = heard;
    this.#tail = bareWords(heard?.words ?? '').slice(-MOST_COMPARED);
  }

  /** True for a moment before the end of what was heard, in ms of the caller's audio. */
  covers(ms: number): boolean {
    return this.#heard !== undefined && ms < this.#heard.untilMs;
  }

  /** What of a transcript is new. Its audio begins at `fromMs` of the caller's audio. */
  fresh(text: string, words: readonly TimedWord[], fromMs: number): Fresh {
    if (
      this.#heard === undefined ||
      text === '' ||
      !this.covers(Math.min(fromMs, words[0]?.startMs ?? fromMs))
    )
      return { text, words };
    const timed = this.#heard.exact && words.length > 0 && words.every(({ endMs }) => endMs !== undefined);
    const old = timed ? this.#oldByTime(words, this.#heard.untilMs) : this.#oldByText(text);
    return old === 0 ? { text, words } : { text: withoutFirst(old, text, words), words: words.slice(old) };
  }

  #oldByTime(words: readonly TimedWord[], untilMs: number): number {
    const next = words.findIndex((word) => middleOf(word) > untilMs);
    if (next < 0) return words.length;
    const [word, before] = [words[next], words[next - 1]];
    const last = this.#tail.at(-1);
    // The last word heard, placed a little later than before, is no second one.
    const moved = word !== undefined && (word.startMs ?? untilMs) < untilMs + JITTER_MS && isWord(word, last);
    return moved && !isWord(before, last) ? next + 1 : next;
  }

  /** The longest run of words that ends what was heard and begins the transcript. */
  #oldByText(text: string): number {
    const words = bareWords(text);
    for (let run = Math.min(words.length, this.#tail.length); run > 0; run--) {
      const ending = this.#tail.slice(-run);
      if (ending.every((word, i) => word === words[i])) return run;
    }
    return 0;
  }
}

function middleOf({ startMs, endMs = 0 }: TimedWord): number {
  return ((startMs ?? endMs) + endMs) / 2;
}

function isWord(word: TimedWord | undefined, bare: string | undefined): boolean {
  return word !== undefined && bare !== undefined && bareWords(word.text).at(-1) === bare;
}

/** As the transcript writes them, if it writes one for each. */
function withoutFirst(count: number, text: string, words: readonly TimedWord[]): string {
  const written = text.split(/\s+/);
  const apart = words.length === 0 || written.length === words.length;
  return (apart ? written : words.map((word) => word.text)).slice(count).join(' ');
}

function bareWords(text: string): readonly string[] {
  const words = text.toLowerCase().trim().split(/\s+/);
  return words.map((word) => word.replace(/[^\p{L}\p{M}\p{N}]+/gu, ''));
}
