import type { SynthesiserConfig } from '../../config.ts';
import { earliest } from '../../conversation/deadline.ts';
import type { Alignment, Failure } from '../../conversation/events.ts';
import type { FixedLine } from '../phrases.ts';
import type { Fetch, Surroundings } from '../ports.ts';
import { statusFailure } from './frames.ts';
import { IncomingPhrase } from './phrase-sound.ts';
import { readAnswer } from './timed-answer.ts';

/** How long the first audio of a reply may take over HTTP, in ms: the vendor takes 200 to 600, and the caller has waited before. */
export const FIRST_AUDIO_MS = 1500;
/** How long audio may take after other audio of the reply came, in ms: what came before still sounds. */
export const NEXT_AUDIO_MS = 3000;

const TRUNCATED: Failure = { kind: 'truncated', retryable: true, detail: 'ElevenLabs ended a text early' };

/** One reply being spoken. */
interface Speaking {
  readonly reply: number;
  readonly abort: AbortController;
  readonly texts: string[];
  /** What was requested so far. */
  previous: string;
  complete: boolean;
  sounded: boolean;
  running: boolean;
  due: number | undefined;
}

/** Where one voice is asked for over HTTP, and how its sound is shaped. */
export class SpeechEndpoint {
  readonly #config: SynthesiserConfig;
  readonly #fetch: Fetch;
  readonly #voiceId: string;
  readonly #language: string;

  /** `language` is an ISO 639-1 code. */
  constructor(config: SynthesiserConfig, voiceId: string, language: string, fetch: Fetch) {
    this.#config = config;
    this.#voiceId = voiceId;
    this.#language = language;
    this.#fetch = fetch;
  }

  /** In Hz. */
  get sampleRate(): number {
    return this.#config.sampleRate;
  }

  /** The line that `text` is when this voice says it. */
  line(text: string): FixedLine {
    const { baseUrl, model, sampleRate } = this.#config;
    return { origin: baseUrl, voice: this.#voiceId, model, sampleRate, language: this.#language, text };
  }

  /** Asks for a text as sound and where its characters are in it; `previous` is what was said before it, whose melody the vendor carries on. Throws when the connection is lost. */
  request(text: string, previous: string, signal: AbortSignal): Promise<Response> {
    const { apiKey, baseUrl, model, sampleRate } = this.#config;
    const voice = `${baseUrl}/v1/text-to-speech/${encodeURIComponent(this.#voiceId)}`;
    return this.#fetch(`${voice}/stream/with-timestamps?output_format=pcm_${sampleRate}`, {
      method: 'POST',
      headers: { 'xi-api-key': apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({
        text,
        model_id: model,
        language_code: this.#language,
        ...(previous === '' ? {} : { previous_text: previous }),
      }),
      signal,
    });
  }
}

/** ElevenLabs over HTTP: the pieces of a reply are requested one after the other and streamed as they come. */
export class SpeechRequests {
  readonly #endpoint: SpeechEndpoint;
  readonly #around: Surroundings;
  readonly #speaking = new Map<number, Speaking>();

  constructor(endpoint: SpeechEndpoint, around: Surroundings) {
    this.#endpoint = endpoint;
    this.#around = around;
  }

  get deadline(): number | undefined {
    let due: number | undefined;
    for (const speaking of this.#speaking.values()) due = earliest(due, speaking.due);
    return due;
  }

  /** Whether a reply was begun here and is not over. */
  speaks(reply: number): boolean {
    return this.#speaking.has(reply);
  }

  say(reply: number, text: string): void {
    const speaking = this.#of(reply);
    speaking.texts.push(text);
    if (!speaking.running) void this.#run(speaking);
  }

  finish(reply: number): void {
    const speaking = this.#of(reply);
    speaking.complete = true;
    if (!speaking.running) this.#done(speaking);
  }

  cancel(reply: number): void {
    this.#speaking.get(reply)?.abort.abort();
    this.#speaking.delete(reply);
  }

  tick(now: number): void {
    for (const speaking of this.#speaking.values()) {
      if (speaking.due === undefined || now < speaking.due) continue;
      this.#fail(speaking, {
        kind: 'stalled',
        retryable: true,
        detail: 'ElevenLabs sent no audio over HTTP',
      });
      speaking.abort.abort();
    }
  }

  close(): void {
    for (const reply of [...this.#speaking.keys()]) this.cancel(reply);
  }

  #of(reply: number): Speaking {
    const known = this.#speaking.get(reply);
    if (known !== undefined) return known;
    const speaking: Speaking = {
      reply,
      abort: new AbortController(),
      texts: [],
      previous: '',
      complete: false,
      sounded: false,
      running: false,
      due: undefined,
    };
    this.#speaking.set(reply, speaking);
    return speaking;
  }

  async #run(speaking: Speaking): Promise<void> {
    speaking.running = true;
    try {
      for (let text = speaking.texts.shift(); text !== undefined; text = speaking.texts.shift()) {
        const failure = await this.#request(speaking, text);
        if (failure !== undefined) return this.#fail(speaking, failure);
      }
    } catch {
      const detail = 'the request to ElevenLabs was lost';
      return this.#fail(speaking, { kind: 'closed', retryable: true, detail });
    }
    speaking.running = false;
    speaking.due = undefined;
    if (speaking.complete) this.#done(speaking);
  }

  async #request(speaking: Speaking, text: string): Promise<Failure | undefined> {
    const { previous } = speaking;
    speaking.previous = `${previous} ${text}`.trim();
    speaking.due = this.#around.now() + (speaking.sounded ? NEXT_AUDIO_MS : FIRST_AUDIO_MS);
    const response = await this.#endpoint.request(text, previous, speaking.abort.signal);
    if (!response.ok || response.body === null) return statusFailure(response.status, await response.text());
    const incoming = new IncomingPhrase(this.#endpoint.sampleRate);
    const failure = await readAnswer(response.body, (timed) => {
      for (const { pcm, alignment } of incoming.take(timed)) this.#pass(speaking, pcm, alignment);
      return this.#isLive(speaking);
    });
    const cut = incoming.aligned && incoming.whole(text) === undefined;
    return failure ?? (cut || !speaking.sounded ? TRUNCATED : undefined);
  }

  #pass(speaking: Speaking, pcm: Uint8Array, alignment: Alignment | undefined): void {
    if (!this.#isLive(speaking)) return;
    speaking.sounded = true;
    speaking.due = this.#around.now() + NEXT_AUDIO_MS;
    this.#around.report({ type: 'voice.audio', reply: speaking.reply, pcm, alignment });
  }

  #done(speaking: Speaking): void {
    const { reply } = speaking;
    if (!this.#isLive(speaking)) return;
    this.#speaking.delete(reply);
    this.#around.report({ type: 'voice.done', reply });
  }

  #fail(speaking: Speaking, failure: Failure): void {
    const { reply } = speaking;
    if (!this.#isLive(speaking)) return;
    this.#speaking.delete(reply);
    this.#around.report({ type: 'voice.failed', reply, failure });
  }

  /** A reply that was cancelled and begun anew is another one. */
  #isLive(speaking: Speaking): boolean {
    return this.#speaking.get(speaking.reply) === speaking;
  }
}
