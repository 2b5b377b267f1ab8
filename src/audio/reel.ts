/** Audio is kept in blocks of this many bytes, 1 s at 16 kHz: a small array of its own for every frame would take about twice the memory. */
export const BLOCK_BYTES = 32_000;

/** Holds the newest audio up to a bound, copied into blocks. What no longer fits is dropped from the old end, because the newest words matter most to a live conversation. */
export class AudioReel {
  readonly #capacityBytes: number;
  readonly #blocks: Uint8Array[] = [];
  /** Where the audio begins in the first block, and where it ends in the last. */
  #from = 0;
  #to = BLOCK_BYTES;
  #heldBytes = 0;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Everything held, in order, in pieces of at most `BLOCK_BYTES`. They stay as they are, whatever is pushed or trimmed later. */
  get pieces(): readonly Uint8Array[] {
    const last = this.#blocks.length - 1;
    return this.#blocks.map((block, i) =>
      block.subarray(i === 0 ? this.#from : 0, i === last ? this.#to : BLOCK_BYTES),
    );
  }

  /** Keeps audio; returns how many bytes of older audio were dropped to make room. */
  push(audio: Uint8Array): number {
    for (let rest = audio; rest.byteLength > 0; ) rest = rest.subarray(this.#fill(rest));
    this.#heldBytes += audio.byteLength;
    return this.trim(this.#capacityBytes);
  }

  /** Keeps only the newest `keepBytes`; returns how many bytes were dropped. */
  trim(keepBytes: number): number {
    const dropped = Math.max(0, this.#heldBytes - keepBytes);
    this.#heldBytes -= dropped;
    this.#from += dropped;
    while (this.#from >= BLOCK_BYTES) {
      this.#blocks.shift();
      this.#from -= BLOCK_BYTES;
    }
    if (this.#heldBytes === 0) this.#clear();
    return dropped;
  }

  /** Copies what has room in the last block, or else in a new one; returns how many bytes that are. */
  #fill(audio: Uint8Array): number {
    if (this.#to === BLOCK_BYTES) {
      this.#blocks.push(new Uint8Array(BLOCK_BYTES));
      this.#to = 0;
    }
    const fits = audio.subarray(0, BLOCK_BYTES - this.#to);
    this.#blocks.at(-1)?.set(fits, this.#to);
    this.#to += fits.byteLength;
    return fits.byteLength;
  }

  #clear(): void {
    this.#blocks.length = 0;
    this.#from = 0;
    this.#to = BLOCK_BYTES;
  }
}
