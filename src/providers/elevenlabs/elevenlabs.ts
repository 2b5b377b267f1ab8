import { otherVoice, type SynthesiserConfig } from '../../config.ts';
import { earliest } from '../../conversation/deadline.ts';
import type { Failure, VoiceRoute } from '../../conversation/events.ts';
import { isolatePhrases, type Phrases } from '../phrases.ts';
import type { Surroundings, Voice } from '../ports.ts';
import { PhraseSpeech } from './phrase-speech.ts';
import { SpeechEndpoint, SpeechRequests } from './requests.ts';
import { SpeechSocket } from './speech-socket.ts';

/**
 * The voice of a call by ElevenLabs: over its socket, over HTTP in this or another voice where the route says so, and
 * from the phrases where a line is fixed. Fixed lines sound before what has not sounded yet of their reply.
 */
export class ElevenLabs implements Voice {
  readonly #around: Surroundings;
  readonly #phrases: PhraseSpeech;
  readonly #socket: SpeechSocket;
  readonly #requests: SpeechRequests;
  /** Requests in the voice that takes over; without another voice, in the same one. */
  readonly #others: SpeechRequests;

  /** `language` is a BCP-47 tag. */
  constructor(
    config: SynthesiserConfig,
    voiceId: string,
    language: string,
    around: Surroundings,
    phrases: Phrases = isolatePhrases(),
  ) {
    const languageCode = language.split('-')[0] ?? 'en';
    const endpoint = new SpeechEndpoint(config, voiceId, languageCode, around.fetch);
    this.#phrases = new PhraseSpeech(
      { endpoint, phrases, now: around.now },
      { report: around.report, failed: (reply, failure) => this.#phraseFailed(reply, failure) },
    );
    this.#around = { ...around, report: (event) => this.#phrases.pass(event) };
    this.#socket = new SpeechSocket(config, voiceId, languageCode, this.#around);
    this.#requests = new SpeechRequests(endpoint, this.#around);
    const other = otherVoice(config, voiceId) ?? voiceId;
    this.#others = new SpeechRequests(
      new SpeechEndpoint(config, other, languageCode, around.fetch),
      this.#around,
    );
  }

  get deadline(): number | undefined {
    const requests = earliest(this.#requests.deadline, this.#others.deadline);
    return earliest(this.#phrases.deadline, this.#socket.deadline, requests);
  }

  prepare(): void {
    this.#socket.prepare();
  }

  learn(texts: readonly string[]): void {
    this.#phrases.learn(texts);
  }

  say(reply: number, text: string, route: VoiceRoute): void {
    const way = this.#wayOf(reply, route);
    switch (way) {
      case 'phrase':
        return this.#phrases.say(reply, text);
      case 'socket':
      case 'fresh-socket':
        return this.#socket.say(reply, text, way === 'fresh-socket');
      case 'http':
        return this.#requests.say(reply, text);
      case 'other-voice':
        return this.#others.say(reply, text);
      default:
        way satisfies never;
    }
  }

  finish(reply: number): void {
    // A reply without text of its own is over here, and reported when its fixed lines have sounded.
    if (this.#socket.speaks(reply)) this.#socket.finish(reply);
    else if (this.#others.speaks(reply)) this.#others.finish(reply);
    else this.#requests.finish(reply);
  }

  cancel(reply: number): void {
    this.#phrases.cancel(reply);
    this.#requests.cancel(reply);
    this.#others.cancel(reply);
    this.#socket.cancel(reply);
  }

  tick(now: number): void {
    this.#phrases.tick(now);
    this.#requests.tick(now);
    this.#others.tick(now);
    this.#socket.tick(now);
  }

  close(): void {
    this.#phrases.close();
    this.#requests.close();
    this.#others.close();
    this.#socket.close();
  }

  /** A fixed line sounds before the other text of its reply, or, when that sounds already, goes the same way behind it. */
  #wayOf(reply: number, route: VoiceRoute): VoiceRoute {
    if (route !== 'phrase' || !this.#phrases.isLate(reply)) return route;
    if (this.#socket.speaks(reply)) return 'socket';
    if (this.#others.speaks(reply)) return 'other-voice';
    return this.#requests.speaks(reply) ? 'http' : 'phrase';
  }

  /** The rest of the reply is taken back: none of it has sounded, and all that has no sound is said again. */
  #phraseFailed(reply: number, failure: Failure): void {
    this.cancel(reply);
    this.#around.report({ type: 'voice.failed', reply, failure });
  }
}
