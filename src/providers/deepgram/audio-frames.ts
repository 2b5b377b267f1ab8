/** Cuts a stream of audio into frames of an accepted length. A chunk that is one already passes without being copied. */
export class AudioFrames {
  readonly #shortest: number;
  readonly #longest: number;
  readonly #send: (frame: Uint8Array) => void;
  #held = new Uint8Array(0);
  #heldBytes = 0;

  /** Lengths in bytes. A frame given to `send` is not written to afterwards. */
  constructor(shortest: number, longest: number, send: (frame: Uint8Array) => void) {
    this.#shortest = shortest;
    this.#longest = longest;
    this.#send = send;
  }

  /** Sends what makes whole frames; a rest that is too short waits for the audio after it. */
  push(pcm: Uint8Array): void {
    let rest = this.#heldBytes > 0 ? this.#hold(pcm) : pcm;
    while (rest.byteLength >= this.#shortest) {
      const whole = rest.byteLength <= this.#longest;
      this.#send(whole ? rest : rest.subarray(0, this.#longest));
      if (whole) return;
      rest = rest.subarray(this.#longest);
    }
    if (rest.byteLength > 0) this.#hold(rest);
  }

  /** Sends the rest, short as it is. */
  flush(): void {
    const bytes = this.#heldBytes;
    this.#heldBytes = 0;
    if (bytes > 0) this.#send(this.#held.subarray(0, bytes));
  }

  /** Adds to the held frame, sends it when it is full, and returns what found no place in it. */
  #hold(pcm: Uint8Array): Uint8Array {
    if (this.#heldBytes === 0) this.#held = new Uint8Array(this.#shortest);
    const taken = Math.min(pcm.byteLength, this.#shortest - this.#heldBytes);
    this.#held.set(pcm.subarray(0, taken), this.#heldBytes);
    this.#heldBytes += taken;
    if (this.#heldBytes === this.#shortest) this.flush();
    return pcm.subarray(taken);
  }
}
