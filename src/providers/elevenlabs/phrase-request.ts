import type { Failure } from '../../conversation/events.ts';
import type { Phrase } from '../phrase-shelf.ts';
import type { FixedLine, Phrases } from '../phrases.ts';
import { statusFailure } from './frames.ts';
import { IncomingPhrase, type Sound, soundsOf } from './phrase-sound.ts';
import { NEXT_AUDIO_MS, type SpeechEndpoint } from './requests.ts';
import { readAnswer } from './timed-answer.ts';

/** How long the cache may look for a line, in ms: a rendering would begin to sound by then. */
const LOOK_MS = 300;
const STALLED: Failure = { kind: 'stalled', retryable: true, detail: 'ElevenLabs sent no audio over HTTP' };
const LOST: Failure = { kind: 'closed', retryable: true, detail: 'the request to ElevenLabs was lost' };
const TRUNCATED: Failure = { kind: 'truncated', retryable: true, detail: 'ElevenLabs ended a line early' };

/** Where fixed lines come from: the phrases that are there, and the synthesiser for the others. */
export interface Studio {
  readonly endpoint: SpeechEndpoint;
  readonly phrases: Phrases;
  /** Ms since the epoch. */
  readonly now: () => number;
}

/** One fixed line being got: from memory, else from the cache, else rendered and kept. */
export class PhraseRequest {
  readonly #studio: Studio;
  readonly #line: FixedLine;
  readonly #firstAudioMs: number;
  readonly #looking = new AbortController();
  readonly #abort = new AbortController();
  #due: number | undefined;

  /** `firstAudioMs`: how long the first of a rendered line may take. */
  constructor(studio: Studio, text: string, firstAudioMs: number) {
    this.#studio = studio;
    this.#firstAudioMs = firstAudioMs;
    this.#line = studio.endpoint.line(text);
  }

  /** When `tick` is wanted, in ms since the epoch. */
  get deadline(): number | undefined {
    return this.#due;
  }

  /** Passes the sound on while it comes; resolves to what went wrong. After `abort` nothing is passed on. */
  async run(heard: (sound: Sound) => void): Promise<Failure | undefined> {
    const phrase = await this.#find();
    const { signal } = this.#abort;
    const failure =
      phrase === undefined
        ? await Promise.race([this.#render(heard), aborted(signal)])
        : void this.#pass(soundsOf(phrase, this.#line.sampleRate), heard);
    this.#due = undefined;
    return signal.aborted ? STALLED : failure;
  }

  tick(now: number): void {
    if (this.#due === undefined || now < this.#due) return;
    if (this.#looking.signal.aborted) return this.abort();
    this.#due = now + this.#firstAudioMs;
    this.#looking.abort();
  }

  abort(): void {
    this.#due = undefined;
    this.#looking.abort();
    this.#abort.abort();
  }

  async #find(): Promise<Phrase | undefined> {
    const { phrases, now } = this.#studio;
    const known = phrases.known(this.#line);
    if (known !== undefined) return known;
    this.#due = now() + LOOK_MS;
    const found = await Promise.race([phrases.find(this.#line), aborted(this.#looking.signal)]);
    this.#looking.abort();
    return found;
  }

  async #render(heard: (sound: Sound) => void): Promise<Failure | undefined> {
    const { endpoint, phrases, now } = this.#studio;
    const { text, sampleRate } = this.#line;
    if (this.#abort.signal.aborted) return undefined;
    this.#due = now() + this.#firstAudioMs;
    const incoming = new IncomingPhrase(sampleRate);
    try {
      const response = await endpoint.request(text, '', this.#abort.signal);
      if (!response.ok || response.body === null) {
        return statusFailure(response.status, await response.text());
      }
      const failure = await readAnswer(response.body, (timed) => {
        this.#pass(incoming.take(timed), heard);
        if (!this.#abort.signal.aborted) this.#due = this.#studio.now() + NEXT_AUDIO_MS;
        return !this.#abort.signal.aborted;
      });
      if (failure !== undefined) return failure;
    } catch {
      return LOST;
    }
    if (this.#abort.signal.aborted) return undefined;
    const phrase = incoming.whole(text);
    if (phrase === undefined) return TRUNCATED;
    void phrases.keep(this.#line, phrase);
    return undefined;
  }

  /** Whoever hears a sound may abort the request. */
  #pass(sounds: readonly Sound[], heard: (sound: Sound) => void): void {
    for (const sound of sounds) if (!this.#abort.signal.aborted) heard(sound);
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
