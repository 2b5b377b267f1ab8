/**
 * Turns times of one recogniser connection into times of the call's audio: a connection begins at 0, and it also hears
 * silence that nobody spoke. Lengths are samples, times are ms.
 */
export class AudioClock {
  readonly #samplesPerMs: number;
  #offsetMs = 0;
  #samples = 0;
  readonly #gaps: { readonly at: number; length: number }[] = [];

  constructor(samplingRate: number) {
    this.#samplesPerMs = samplingRate / 1000;
  }

  /** The first audio of the caller that is sent lies at `offsetMs` of the call's. */
  begin(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  /** Audio of the caller was sent. */
  spoke(samples: number): void {
    this.#samples += samples;
  }

  /** Silence was sent in place of audio that did not come. */
  filled(samples: number): void {
    const last = this.#gaps.at(-1);
    if (last !== undefined && last.at + last.length === this.#samples) last.length += samples;
    else this.#gaps.push({ at: this.#samples, length: samples });
    this.#samples += samples;
  }

  /** Where a moment of the connection lies in the call's audio. */
  callMs(connectionMs: number): number {
    const moment = connectionMs * this.#samplesPerMs;
    let filled = 0;
    for (const { at, length } of this.#gaps) {
      if (at >= moment) break;
      filled += Math.min(length, moment - at);
    }
    return this.#offsetMs + (moment - filled) / this.#samplesPerMs;
  }
}
