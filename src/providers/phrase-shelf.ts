import type { Alignment } from '../conversation/events.ts';

/** What one aligned character takes in memory, in bytes: two times and a short string. */
const CHARACTER_BYTES = 32;

/**
 * A fixed line as sound: whole samples of 16-bit mono PCM, and where its characters sound, in ms from its start. Calls
 * share it, so nobody writes to it.
 */
export interface Phrase {
  readonly pcm: Uint8Array;
  readonly alignment: Alignment;
}

/** How long a call that has begun to render a phrase keeps others from doing the same, in ms: longer than it takes. */
const CLAIM_MS = 10_000;

/** Holds phrases up to a bound in bytes; the least recently used ones go first. One that alone is too large is not held. */
export class PhraseShelf {
  readonly #capacityBytes: number;
  /** The least recently used one is first. */
  readonly #phrases = new Map<string, Phrase>();
  /** Who is rendering what, by the time it was begun in ms since the epoch. */
  readonly #claims = new Map<string, number>();
  #heldBytes = 0;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  find(key: string): Phrase | undefined {
    const phrase = this.#phrases.get(key);
    if (phrase === undefined) return undefined;
    this.#phrases.delete(key);
    this.#phrases.set(key, phrase);
    return phrase;
  }

  /** True for the first of several that want to render a phrase at `now`, in ms since the epoch; the others can wait for it. */
  claim(key: string, now: number): boolean {
    for (const [other, at] of this.#claims) if (now - at >= CLAIM_MS) this.#claims.delete(other);
    if (this.#claims.has(key)) return false;
    this.#claims.set(key, now);
    return true;
  }

  /** The phrase is not being rendered any more. */
  release(key: string): void {
    this.#claims.delete(key);
  }

  put(key: string, phrase: Phrase): void {
    this.#remove(key);
    if (sizeOf(phrase) > this.#capacityBytes) return;
    this.#phrases.set(key, phrase);
    this.#heldBytes += sizeOf(phrase);
    for (const oldest of this.#phrases.keys()) {
      if (this.#heldBytes <= this.#capacityBytes) return;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    const phrase = this.#phrases.get(key);
    if (phrase === undefined) return;
    this.#phrases.delete(key);
    this.#heldBytes -= sizeOf(phrase);
  }
}

function sizeOf({ pcm, alignment }: Phrase): number {
  return pcm.byteLength + alignment.characters.length * CHARACTER_BYTES;
}
