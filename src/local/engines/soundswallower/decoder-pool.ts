import { Decoder, type Language, type SearchSettings } from './decoder.ts';
import type { AcousticModel } from './native.ts';

/**
 * Decoders that are lent and given back, because one costs tens of megabytes and half a second to make and
 * soundswallower does not free all of it. There are never more than were lent at the same time.
 */
export class DecoderPool {
  readonly #model: AcousticModel;
  readonly #settings: SearchSettings;
  readonly #idle: Decoder[] = [];
  #made = 0;

  constructor(model: AcousticModel, settings: SearchSettings) {
    this.#model = model;
    this.#settings = settings;
  }

  /** How many decoders were made so far. */
  get made(): number {
    return this.#made;
  }

  /** A decoder for a new speaker. */
  take(language: Language): Decoder {
    const kept = this.#idle.pop();
    if (kept !== undefined) {
      kept.learn(language);
      kept.forgetSpeaker();
      return kept;
    }
    this.#made++;
    return new Decoder(this.#model, language, this.#settings);
  }

  /** Takes a decoder back, outside an utterance. */
  giveBack(decoder: Decoder): void {
    this.#idle.push(decoder);
  }
}
