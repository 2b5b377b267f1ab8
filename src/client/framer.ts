import { int16FromFloat } from '../audio/pcm.ts';
import { Resampler } from '../audio/resample.ts';
import { loudness } from './loudness.ts';

/** One frame of the caller's audio: 16-bit mono samples and their loudness as root mean square, 0..1. */
export interface MicrophoneFrame {
  readonly samples: Int16Array<ArrayBufferLike>;
  readonly level: number;
}

/** Resamples a microphone's stream and cuts it into frames of equal length. Rates are integers in Hz. */
export class Framer {
  readonly #resampler: Resampler;
  readonly #frame: Float32Array;
  readonly #emit: (frame: MicrophoneFrame) => void;
  #filled = 0;

  constructor(
    rates: { readonly fromHz: number; readonly toHz: number; readonly frameMs: number },
    emit: (frame: MicrophoneFrame) => void,
  ) {
    this.#resampler = new Resampler(rates.fromHz, rates.toHz);
    this.#frame = new Float32Array(Math.round((rates.toHz * rates.frameMs) / 1000));
    this.#emit = emit;
  }

  /** Takes any number of samples of -1..1; frames come out as they fill. */
  push(input: Float32Array): void {
    let rest = this.#resampler.process(input);
    while (rest.length > 0) {
      const part = rest.subarray(0, this.#frame.length - this.#filled);
      this.#frame.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled === this.#frame.length) this.#flush();
    }
  }

  #flush(): void {
    this.#filled = 0;
    this.#emit({ samples: int16FromFloat(this.#frame), level: loudness(this.#frame) });
  }
}
