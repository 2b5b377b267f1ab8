/** How long the voice takes to step back, in ms: short enough to answer the caller at once, long enough not to click. */
const DOWN_MS = 10;
/** How long it takes to come back from silence to full, in ms: it swells rather than jumps. */
const UP_MS = 200;

/** A gain that moves to where it is told in a straight line, sample by sample. At 1 it leaves samples untouched. */
export class Fader {
  readonly #framesPerMs: number;
  #gain = 1;
  #target = 1;
  #step = 0;

  /** `sampleRate` in Hz. */
  constructor(sampleRate: number) {
    this.#framesPerMs = sampleRate / 1000;
  }

  /** Moves to `gain`, 0..1: down within 10 ms, up within 200 ms. */
  to(gain: number): void {
    this.#target = Math.min(1, Math.max(0, gain));
    const ms = this.#target < this.#gain ? DOWN_MS : UP_MS;
    this.#step = (this.#target - this.#gain) / (ms * this.#framesPerMs);
  }

  /** Scales the next samples in place. */
  apply(samples: Float32Array): void {
    if (this.#gain === 1 && this.#target === 1) return;
    for (let i = 0; i < samples.length; i++) {
      this.#move();
      samples[i] = (samples[i] ?? 0) * this.#gain;
    }
  }

  #move(): void {
    const left = this.#target - this.#gain;
    this.#gain = Math.abs(left) <= Math.abs(this.#step) ? this.#target : this.#gain + this.#step;
  }
}
