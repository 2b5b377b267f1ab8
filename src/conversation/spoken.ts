import type { Alignment } from './events.ts';

/** How long a character takes to say when the synthesiser has not told, in ms, spaces not counted. */
export const MS_PER_CHARACTER = 65;

/** Times that differ by less are the same, in ms: a character's end is rounded. */
const SAME_TIME_MS = 20;

interface Piece {
  readonly text: string;
  /** How many characters, spaces not counted, come before it. */
  readonly from: number;
}

/** The audio of a reply so far, in ms, and whether there will be more. */
interface Audio {
  readonly sentMs: number;
  readonly complete: boolean;
}

/**
 * The words of one reply and where they sound. Places in the text are counted in characters without white space, so
 * that spaces which the synthesiser adds or folds do not shift them.
 */
export class SpokenText {
  readonly #pieces: Piece[] = [];
  #announced = 0;
  #length = 0;
  readonly #startMs: number[] = [];
  readonly #endMs: number[] = [];
  #aligned = false;

  get text(): string {
    return this.#pieces.map((piece) => piece.text).join(' ');
  }

  get empty(): boolean {
    return this.#pieces.length === 0;
  }

  say(piece: string): void {
    this.#pieces.push({ text: piece, from: this.#length });
    this.#length += dense(piece).length;
  }

  /** Puts a piece before all others; only while nothing has been voiced. */
  precede(piece: string): void {
    const later = this.#pieces.splice(0);
    this.#length = 0;
    for (const text of [piece, ...later.map(({ text }) => text)]) this.say(text);
  }

  /** Audio for the first of the words has come, as far as the synthesiser tells. */
  get begun(): boolean {
    return this.#endMs.length > 0;
  }

  /** How long the words without audio will sound at a usual pace, in ms, when `cameMs` of audio has come. */
  unvoicedMs(cameMs: number): number {
    if (this.#aligned) return (this.#length - this.#endMs.length) * MS_PER_CHARACTER;
    return Math.max(0, this.#length * MS_PER_CHARACTER - cameMs);
  }

  /** Audio for every word has come, as far as the synthesiser tells. */
  get voicedAll(): boolean {
    return this.#aligned && this.#endMs.length >= this.#length;
  }

  /** Audio that begins `atMs` into the reply has come for the next characters. */
  voiced(alignment: Alignment | undefined, atMs: number): void {
    if (alignment === undefined) return;
    this.#aligned = true;
    for (const [i, character] of alignment.characters.entries()) {
      if (dense(character) === '' || this.#endMs.length >= this.#length) continue;
      this.#startMs.push(atMs + (alignment.startMs[i] ?? 0));
      this.#endMs.push(atMs + (alignment.endMs[i] ?? 0));
    }
  }

  /** The pieces not told before whose sound begins in the first `sentMs` of audio; all pieces when the synthesiser gives no alignment. */
  due(sentMs: number): readonly string[] {
    if (!this.#aligned) return this.rest();
    return this.#announce((piece) => (this.#startMs[piece.from] ?? Number.POSITIVE_INFINITY) < sentMs);
  }

  /** The pieces that were never announced. */
  rest(): readonly string[] {
    return this.#announce(() => true);
  }

  /**
   * The text that the `sentMs` of audio so far do not hold, from the next whole word; audio that comes later is taken to
   * begin with it. Characters are told ahead of their audio, so what was told of it is forgotten.
   */
  restart(sentMs: number): string {
    const later = this.#endMs.findIndex((endMs) => endMs > sentMs + SAME_TIME_MS);
    const voiced = later < 0 ? this.#endMs.length : later;
    const words = this.#words().filter((word) => word.from >= voiced);
    const from = words[0]?.from ?? this.#length;
    for (const times of this.#aligned ? [this.#startMs, this.#endMs] : []) {
      while (times.length < from) times.push(sentMs);
      times.length = from;
    }
    return words.map((word) => word.text).join(' ');
  }

  /**
   * The words that had sounded after `ms` of audio: those of which at least half was heard. `sentMs` is all the audio
   * there is so far; `complete`: there will be no more.
   */
  heard(ms: number, sentMs: number, complete: boolean): string {
    const words = this.#words();
    const untold = { sentMs, complete };
    const count = words.findIndex((word) => this.#middleMs(word, untold) > ms);
    return (count < 0 ? words : words.slice(0, count)).map((word) => word.text).join(' ');
  }

  #announce(wanted: (piece: Piece) => boolean): readonly string[] {
    const from = this.#announced;
    while (this.#announced < this.#pieces.length && wanted(this.#pieces[this.#announced] as Piece))
      this.#announced++;
    return this.#pieces.slice(from, this.#announced).map((piece) => piece.text);
  }

  #words(): readonly Piece[] {
    let from = 0;
    return this.text
      .split(' ')
      .filter((word) => word !== '')
      .map((text) => {
        const word = { text, from };
        from += dense(text).length;
        return word;
      });
  }

  #middleMs(word: Piece, audio: Audio): number {
    const last = word.from + dense(word.text).length - 1;
    return (this.#timeMs(this.#startMs, word.from, 0, audio) + this.#timeMs(this.#endMs, last, 1, audio)) / 2;
  }

  /** Aligned characters have a time; the others follow the last aligned one, spread over the rest of the audio once that is known, or at a usual rate. */
  #timeMs(times: readonly number[], character: number, edge: 0 | 1, { sentMs, complete }: Audio): number {
    const known = times[character];
    if (known !== undefined) return known;
    const alignedMs = this.#endMs.at(-1) ?? 0;
    const unaligned = this.#length - this.#endMs.length;
    const spread = complete ? Math.max(0, sentMs - alignedMs) / Math.max(1, unaligned) : MS_PER_CHARACTER;
    return alignedMs + (character - this.#endMs.length + edge) * Math.max(spread, MS_PER_CHARACTER / 2);
  }
}

function dense(text: string): string {
  return text.replace(/\s+/g, '');
}
