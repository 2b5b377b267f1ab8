/**
 * Holds the newest audio up to a bound, oldest first, whole chunks at a time. What no longer fits is dropped from the
 * old end, because the newest words matter most to a live conversation.
 */
export class AudioRing {
  readonly #capacityBytes: number;
  #chunks: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Keeps a chunk; returns how many bytes of older audio were dropped to make room. */
  push(chunk: Uint8Array): number {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.byteLength;
    let droppedBytes = 0;
    while (this.#heldBytes > this.#capacityBytes && this.#chunks.length > 1) {
      const oldest = this.#chunks.shift();
      droppedBytes += oldest?.byteLength ?? 0;
      this.#heldBytes -= oldest?.byteLength ?? 0;
    }
    return droppedBytes;
  }

  /** Everything held, in order; the ring is empty afterwards. */
  drain(): readonly Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#heldBytes = 0;
    return chunks;
  }
}
