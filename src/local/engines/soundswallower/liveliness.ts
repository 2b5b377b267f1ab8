import { FRAME_SAMPLES } from './voice-activity.ts';

/**
 * Tells speech from steady noise, frame by frame, as a second opinion to the voice activity detector, which takes hiss
 * for fricatives and hum for vowels. A voice is periodic, as hiss is not, and its loudness changes from frame to
 * frame, as that of hum does not. Needs the frames of one stream in their order.
 */
export class Liveliness {
  readonly #window = new Float32Array(2 * HALF_FRAME);
  #loudnessDb = SILENCE_DB;

  /** Whether this frame of 16 kHz samples in -1..1 sounds like a voice in motion. */
  lively(frame: Float32Array): boolean {
    this.#window.copyWithin(0, HALF_FRAME);
    let energy = 0;
    for (let i = 0; i < HALF_FRAME; i++) {
      // Half the rate is enough for pitch and a quarter of the work.
      const sample = ((frame[2 * i] ?? 0) + (frame[2 * i + 1] ?? 0)) / 2;
      this.#window[HALF_FRAME + i] = sample;
      energy += sample * sample;
    }
    const loudnessDb = 10 * Math.log10(energy / HALF_FRAME + 1e-10);
    const change = Math.abs(loudnessDb - this.#loudnessDb);
    this.#loudnessDb = loudnessDb;
    return loudnessDb > SILENCE_DB && change > STEADY_DB && periodicity(this.#window) > LEAST_PERIODICITY;
  }
}

const HALF_FRAME = FRAME_SAMPLES / 2;
const SILENCE_DB = -60;
/** Hum and whistles change by less from one frame to the next; of speech, three frames in eight change by more. */
const STEADY_DB = 0.5;
const LEAST_PERIODICITY = 0.5;
/** Pitch from 400 Hz down to 70 Hz, in samples at 8 kHz. */
const SHORTEST_PERIOD = 20;
const LONGEST_PERIOD = 114;

/** The highest correlation of the window's end with itself one pitch period earlier, -1..1. */
function periodicity(window: Float32Array): number {
  const length = window.length - LONGEST_PERIOD;
  let best = -1;
  for (let period = SHORTEST_PERIOD; period <= LONGEST_PERIOD; period++) {
    let product = 0;
    let now = 1e-9;
    let before = 1e-9;
    for (let i = window.length - length; i < window.length; i++) {
      const a = window[i] ?? 0;
      const b = window[i - period] ?? 0;
      product += a * b;
      now += a * a;
      before += b * b;
    }
    best = Math.max(best, product / Math.sqrt(now * before));
  }
  return best;
}
