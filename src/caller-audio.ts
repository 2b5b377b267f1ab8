import { bytesFromInt16, floatFromInt16, int16FromBytes, int16FromFloat } from './audio/pcm.ts';
import { Resampler } from './audio/resample.ts';

/** The caller's audio at the rate the recogniser listens at, whatever rate it comes in. */
export class CallerAudio {
  #samplingRate = 0;
  #resampler: Resampler | undefined;

  /** Audio comes at `samplingRate` from now on, and is wanted at `listeningHz`. */
  convertFrom(samplingRate: number, listeningHz: number): void {
    if (samplingRate === this.#samplingRate) return;
    this.#samplingRate = samplingRate;
    this.#resampler = samplingRate === listeningHz ? undefined : new Resampler(samplingRate, listeningHz);
  }

  /** 16-bit mono PCM at the rate that is wanted; undefined as long as there is no whole sample. */
  converted(pcm: Uint8Array): Uint8Array | undefined {
    if (this.#resampler === undefined) return pcm;
    const samples = int16FromFloat(this.#resampler.process(floatFromInt16(int16FromBytes(pcm))));
    return samples.length === 0 ? undefined : bytesFromInt16(samples);
  }
}
