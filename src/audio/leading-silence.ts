import { durationMs, SAMPLE_BYTES } from './pcm.ts';

/** Samples louder than this are sound: -45 dBFS of 16 bits, above a synthesiser's noise and below its breath. */
const SOUND_PEAK = 184;
/** Silence that stays before the first sound, in ms, so that a soft onset is not cut. */
const MARGIN_MS = 20;
/** The most that is dropped of one reply, in ms: what is silent for longer is a pause the speaker makes. */
const MAX_TRIM_MS = 500;

/**
 * Drops the silence that a reply begins with: all but 20 ms, and never more than 500 ms. What it keeps does not depend
 * on where the audio is cut into pieces.
 */
export class LeadingSilence {
  readonly #sampleRate: number;
  /** The newest silence: it stays if sound follows. */
  #margin: Uint8Array = new Uint8Array(0);
  #droppedBytes = 0;
  #over = false;

  /** `sampleRate` in Hz. */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** How much was dropped so far, in ms; final as soon as `trim` has returned anything. */
  get trimmedMs(): number {
    return durationMs(this.#droppedBytes, this.#sampleRate);
  }

  /** Takes the next whole samples of 16-bit mono PCM, at any byte offset; returns what is to be played, which is nothing while there is only silence. */
  trim(pcm: Uint8Array): Uint8Array {
    if (this.#over) return pcm;
    const silence = joined(this.#margin, pcm);
    const sound = firstSound(silence);
    const spare = (sound ?? silence.byteLength) - this.#bytes(MARGIN_MS);
    const allowed = this.#bytes(MAX_TRIM_MS) - this.#droppedBytes;
    const cut = Math.max(0, Math.min(spare, allowed));
    this.#droppedBytes += cut;
    this.#over = sound !== undefined || cut === allowed;
    if (this.#over) return silence.subarray(cut);
    this.#margin = new Uint8Array(silence.subarray(cut));
    return silence.subarray(silence.byteLength);
  }

  #bytes(ms: number): number {
    return Math.round((ms * this.#sampleRate) / 1000) * SAMPLE_BYTES;
  }
}

/** The byte at which the first sample begins that is loud enough. */
function firstSound(pcm: Uint8Array): number | undefined {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  for (let at = 0; at + SAMPLE_BYTES <= pcm.byteLength; at += SAMPLE_BYTES) {
    if (Math.abs(view.getInt16(at, true)) >= SOUND_PEAK) return at;
  }
  return undefined;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.byteLength === 0) return b;
  const both = new Uint8Array(a.byteLength + b.byteLength);
  both.set(a);
  both.set(b, a.byteLength);
  return both;
}
