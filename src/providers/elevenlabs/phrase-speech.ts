import { earliest } from '../../conversation/deadline.ts';
import type { CallEvent, Failure } from '../../conversation/events.ts';
import { PhraseLearner } from './phrase-learner.ts';
import { PhraseRequest, type Studio } from './phrase-request.ts';
import { type Sound, soundsOf } from './phrase-sound.ts';
import { FIRST_AUDIO_MS } from './requests.ts';

/** A reply whose fixed lines have not all been passed on. */
interface Speaking {
  readonly reply: number;
  readonly texts: string[];
  request: PhraseRequest | undefined;
  /** News of the reply's other text, which comes after its fixed lines. */
  readonly held: CallEvent[];
}

/** Where news goes. */
interface Outlet {
  readonly report: (event: CallEvent) => void;
  /** A fixed line could not be had; nothing of its reply may be reported any more but this. */
  readonly failed: (reply: number, failure: Failure) => void;
}

/** Fixed lines of replies: those in memory sound at once, the others are got one after the other. */
export class PhraseSpeech {
  readonly #studio: Studio;
  readonly #outlet: Outlet;
  readonly #learner: PhraseLearner;
  readonly #speaking = new Map<number, Speaking>();
  /** The reply whose other text was the last to sound. */
  #sounding: number | undefined;

  constructor(studio: Studio, outlet: Outlet) {
    this.#studio = studio;
    this.#outlet = outlet;
    this.#learner = new PhraseLearner(studio, (text) => outlet.report({ type: 'voice.ready', text }));
  }

  get deadline(): number | undefined {
    let due = this.#learner.deadline;
    for (const { request } of this.#speaking.values()) due = earliest(due, request?.deadline);
    return due;
  }

  learn(texts: readonly string[]): void {
    this.#learner.learn(texts);
  }

  say(reply: number, text: string): void {
    const known = this.#speaking.get(reply);
    if (known !== undefined) return void known.texts.push(text);
    const { endpoint, phrases } = this.#studio;
    const line = endpoint.line(text);
    const phrase = phrases.known(line);
    if (phrase !== undefined) {
      for (const sound of soundsOf(phrase, line.sampleRate)) this.#sound(reply, sound);
      return;
    }
    const speaking: Speaking = { reply, texts: [text], request: undefined, held: [] };
    this.#speaking.set(reply, speaking);
    this.#learner.rest();
    void this.#run(speaking);
  }

  /** Passes news of replies on: at once, or when the fixed lines of its reply are over. */
  pass(event: CallEvent): void {
    const speaking = 'reply' in event ? this.#speaking.get(event.reply) : undefined;
    if (speaking === undefined) this.#report(event);
    else speaking.held.push(event);
  }

  /** Whether other text of the reply sounds already, so that a fixed line can only come behind it. */
  isLate(reply: number): boolean {
    return this.#sounding === reply;
  }

  cancel(reply: number): void {
    const speaking = this.#speaking.get(reply);
    if (speaking === undefined) return;
    this.#over(speaking);
    speaking.request?.abort();
  }

  tick(now: number): void {
    this.#learner.tick(now);
    for (const { request } of this.#speaking.values()) request?.tick(now);
  }

  close(): void {
    this.#learner.close();
    for (const reply of [...this.#speaking.keys()]) this.cancel(reply);
  }

  /** Fixed lines first, then the held news; what comes meanwhile queues behind it. */
  async #run(speaking: Speaking): Promise<void> {
    while (this.#isLive(speaking)) {
      const text = speaking.texts.shift();
      const event = text === undefined ? speaking.held.shift() : undefined;
      if (text !== undefined) await this.#get(speaking, text);
      else if (event !== undefined) this.#report(event);
      else this.#over(speaking);
    }
  }

  async #get(speaking: Speaking, text: string): Promise<void> {
    const request = new PhraseRequest(this.#studio, text, FIRST_AUDIO_MS);
    speaking.request = request;
    const failure = await request.run((sound) => this.#sound(speaking.reply, sound));
    if (failure === undefined || !this.#isLive(speaking)) return;
    this.#over(speaking);
    this.#outlet.failed(speaking.reply, failure);
  }

  #report(event: CallEvent): void {
    if (event.type === 'voice.audio') this.#sounding = event.reply;
    this.#outlet.report(event);
  }

  #sound(reply: number, { pcm, alignment }: Sound): void {
    this.#outlet.report({ type: 'voice.audio', reply, pcm, alignment });
  }

  /** A reply that was cancelled and begun anew is another one. */
  #isLive(speaking: Speaking): boolean {
    return this.#speaking.get(speaking.reply) === speaking;
  }

  #over({ reply }: Speaking): void {
    this.#speaking.delete(reply);
    if (this.#speaking.size === 0) this.#learner.resume();
  }
}
