import type { Failure } from '../../conversation/events.ts';
import type { Phrase } from '../phrase-shelf.ts';
import type { FixedLine, Phrases } from '../phrases.ts';
import { readTimedLine, statusFailure } from './frames.ts';
import { IncomingPhrase, type Sound, soundsOf } from './phrase-sound.ts';
import { NEXT_AUDIO_MS, type SpeechEndpoint } from './requests.ts';

/** How long the cache may look for a line, in ms: a rendering would begin to sound by then. */
const LOOK_MS = 300;
/** The longest answer to one line that is read, in characters: two minutes at 24 kHz. */
const MAX_ANSWER_CHARACTERS = 8_000_000;

const STALLED: Failure = { kind: 'stalled', retryable: true, detail: 'ElevenLabs sent no audio over HTTP' };
const LOST: Failure = { kind: 'closed', retryable: true, detail: 'the request to ElevenLabs was lost' };
const TRUNCATED: Failure = { kind: 'truncated', retryable: true, detail: 'ElevenLabs ended a line early' };
const UNKNOWN: Failure = { kind: 'protocol', retryable: true, detail: 'ElevenLabs sent an unknown line' };

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
  readonly #looking = new AbortController();
  readonly #abort = new AbortController();
  #due: number | undefined;

  constructor(studio: Studio, text: string) {
    this.#studio = studio;
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
    this.#due = now + NEXT_AUDIO_MS;
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
    const { endpoint, phrases } = this.#studio;
    const { text, sampleRate } = this.#line;
    if (this.#abort.signal.aborted) return undefined;
    this.#awaitAudio();
    const incoming = new IncomingPhrase(sampleRate);
    try {
      const response = await endpoint.request('stream/with-timestamps', text, '', this.#abort.signal);
      if (!response.ok || response.body === null) {
        return statusFailure(response.status, await response.text());
      }
      const failure = await this.#read(response.body, incoming, heard);
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

  async #read(
    body: ReadableStream<Uint8Array>,
    incoming: IncomingPhrase,
    heard: (sound: Sound) => void,
  ): Promise<Failure | undefined> {
    let characters = 0;
    for await (const text of linesOf(body)) {
      characters += text.length;
      const timed = characters > MAX_ANSWER_CHARACTERS ? undefined : readTimedLine(text);
      if (timed === undefined) return UNKNOWN;
      this.#pass(incoming.take(timed), heard);
      if (this.#abort.signal.aborted) return undefined;
      this.#awaitAudio();
    }
    return undefined;
  }

  /** Whoever hears a sound may abort the request. */
  #pass(sounds: readonly Sound[], heard: (sound: Sound) => void): void {
    for (const sound of sounds) if (!this.#abort.signal.aborted) heard(sound);
  }

  #awaitAudio(): void {
    this.#due = this.#studio.now() + NEXT_AUDIO_MS;
  }
}

/** The lines of a text that comes in chunks; empty ones are left out, and one too long ends the text. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    rest += text;
    if (rest.length > MAX_ANSWER_CHARACTERS) break;
    // A line of a second's sound comes in many chunks and is searched once.
    if (!text.includes('\n')) continue;
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
