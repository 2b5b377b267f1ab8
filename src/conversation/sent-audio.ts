import { SAMPLE_BYTES } from '../audio/pcm.ts';

/** The newest audio of a reply that was sent and has not been heard yet, to be sent again. */
export class SentAudio {
  readonly #bytesPerMs: number;
  #pieces: Uint8Array[] = [];
  /** Where the pieces begin and end in the reply, in bytes. */
  #from = 0;
  #to = 0;

  /** `rate`: of the audio, in Hz. */
  constructor(rate: number) {
    this.#bytesPerMs = (rate * SAMPLE_BYTES) / 1000;
  }

  /** Takes audio that is being sent, in whole samples. */
  push(pcm: Uint8Array): void {
    this.#pieces.push(pcm);
    this.#to += pcm.byteLength;
  }

  /** Lets go of what was sent longer ago than the newest `ms`, whether it was heard or not. */
  keep(ms: number): void {
    this.#forget(this.#to - ms * this.#bytesPerMs);
  }

  /** The listener has heard this much of the reply, in ms. */
  heard(ms: number): void {
    this.#forget(ms * this.#bytesPerMs);
  }

  /** What follows on `ms` of the reply, to the very sample; undefined if that is not kept, or was never sent. */
  after(ms: number): readonly Uint8Array[] | undefined {
    const at = Math.round((ms * this.#bytesPerMs) / SAMPLE_BYTES) * SAMPLE_BYTES;
    if (at < this.#from || at > this.#to) return undefined;
    let start = this.#from;
    return this.#pieces.flatMap((piece) => {
      const rest = piece.subarray(Math.max(0, at - start));
      start += piece.byteLength;
      return rest.byteLength === 0 ? [] : [rest];
    });
  }

  /** Lets go of the pieces that end before this byte. */
  #forget(byte: number): void {
    while (this.#pieces[0] !== undefined && this.#from + this.#pieces[0].byteLength <= byte)
      this.#dropFirst();
  }

  #dropFirst(): void {
    this.#from += this.#pieces.shift()?.byteLength ?? 0;
  }
}
