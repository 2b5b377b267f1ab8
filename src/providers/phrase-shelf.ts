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

/** Holds phrases up to a bound in bytes; the least recently used ones go first. One that alone is too large is not held. */
export class PhraseShelf {
  readonly #capacityBytes: number;
  /** The least recently used one is first. */
  readonly #phrases = new Map<string, Phrase>();
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
