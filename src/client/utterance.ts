/** The queued samples of one utterance, mono at the player's rate, and how far they have been rendered. */
export class Utterance {
  readonly id: string;
  /** Everything has arrived. */
  complete = false;
  /** It waits until enough is queued. */
  buffering = true;
  paused = false;
  /** For how many frames it has been paused, this time. */
  pausedFrames = 0;
  queuedFrames = 0;
  renderedFrames = 0;
  readonly #chunks: Float32Array[] = [];
  /** Frames of the first chunk that are already rendered. */
  #offset = 0;
  /** Frames since it was resumed, while it fades in; `undefined` when it plays at full gain. */
  #fadedIn: number | undefined;

  constructor(id: string) {
    this.id = id;
  }

  get audible(): boolean {
    return !this.paused && !this.buffering;
  }

  push(samples: Float32Array): void {
    if (samples.length === 0) return;
    this.#chunks.push(samples);
    this.queuedFrames += samples.length;
  }

  pause(): void {
    this.paused = true;
    this.pausedFrames = 0;
  }

  resume(): void {
    this.paused = false;
    if (this.renderedFrames > 0) this.#fadedIn = 0;
  }

  /** Moves up to `output.length` frames out of the queue; returns how many there were. */
  take(output: Float32Array, fadeFrames: number): number {
    const count = this.#copy(output);
    this.#fadeIn(output.subarray(0, count), fadeFrames);
    this.#drop(count);
    this.queuedFrames -= count;
    this.renderedFrames += count;
    return count;
  }

  /** The next frames fading to silence; the queue keeps them. */
  fadeOut(fadeFrames: number): Float32Array<ArrayBuffer> {
    const fade = new Float32Array(fadeFrames);
    this.#copy(fade);
    return fade.map((sample, i) => sample * (1 - (i + 1) / fadeFrames));
  }

  #copy(output: Float32Array): number {
    let filled = 0;
    let offset = this.#offset;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(offset, offset + output.length - filled);
      output.set(part, filled);
      filled += part.length;
      offset = 0;
      if (filled === output.length) break;
    }
    return filled;
  }

  #fadeIn(samples: Float32Array, fadeFrames: number): void {
    if (this.#fadedIn === undefined) return;
    let faded = this.#fadedIn;
    for (let i = 0; i < samples.length && faded < fadeFrames; i++) {
      faded += 1;
      samples[i] = ((samples[i] ?? 0) * faded) / fadeFrames;
    }
    this.#fadedIn = faded < fadeFrames ? faded : undefined;
  }

  #drop(frames: number): void {
    let left = frames + this.#offset;
    let first = this.#chunks[0];
    while (first !== undefined && left >= first.length) {
      left -= first.length;
      this.#chunks.shift();
      first = this.#chunks[0];
    }
    this.#offset = left;
  }
}
