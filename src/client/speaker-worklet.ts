import { Fader } from './fader.ts';
import { loudness } from './loudness.ts';
import { Playout } from './playout.ts';
import { SPEAKER_PROCESSOR, type SpeakerNews, type SpeakerOrder } from './worklets.ts';

/** How often a meter wants a new value, in ms. */
const LEVEL_EVERY_MS = 50;

registerProcessor(
  SPEAKER_PROCESSOR,
  class extends AudioWorkletProcessor {
    readonly #playout = new Playout({ sampleRate }, (news) => this.#post(news));
    readonly #fader = new Fader(sampleRate);
    #loudest = 0;
    #posted = 0;
    #frames = 0;

    constructor() {
      super();
      this.port.onmessage = (event: MessageEvent<SpeakerOrder>) => this.#obey(event.data);
    }

    process(_inputs: readonly Float32Array[][], outputs: readonly Float32Array[][]): boolean {
      const output = outputs[0]?.[0];
      if (output === undefined) return true;
      this.#playout.render(output);
      this.#fader.apply(output);
      this.#measure(output);
      return true;
    }

    #obey(order: SpeakerOrder): void {
      if ('duckTo' in order) this.#fader.to(order.duckTo);
      else this.#playout.obey(order);
    }

    #measure(output: Float32Array): void {
      this.#loudest = Math.max(this.#loudest, loudness(output));
      this.#frames += output.length;
      if (this.#frames < (LEVEL_EVERY_MS * sampleRate) / 1000) return;
      if (this.#loudest !== this.#posted) this.#post({ level: this.#loudest });
      this.#posted = this.#loudest;
      this.#loudest = 0;
      this.#frames = 0;
    }

    #post(news: SpeakerNews): void {
      this.port.postMessage(news);
    }
  },
);
