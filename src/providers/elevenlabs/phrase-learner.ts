import { earliest } from '../../conversation/deadline.ts';
import { PhraseRequest, type Studio } from './phrase-request.ts';

/** How long the first audio of a line may take that nobody is waiting for, in ms. */
const FIRST_AUDIO_MS = 4000;
/** How long a line that another call renders is waited for before it is looked for again, in ms. */
const LOOK_AGAIN_MS = 1000;

/** Makes fixed lines ready in the background, one request at a time, and rests while replies need the synthesiser for theirs. */
export class PhraseLearner {
  readonly #studio: Studio;
  readonly #ready: (text: string) => void;
  #waiting: string[] = [];
  #current: { readonly text: string; readonly request: PhraseRequest } | undefined;
  #resting = false;
  #lookAgainAt: number | undefined;

  /** `ready` is told every line that is in memory. */
  constructor(studio: Studio, ready: (text: string) => void) {
    this.#studio = studio;
    this.#ready = ready;
  }

  get deadline(): number | undefined {
    return earliest(this.#current?.request.deadline, this.#lookAgainAt);
  }

  learn(texts: readonly string[]): void {
    for (const text of new Set(texts)) {
      if (this.#isKnown(text)) this.#ready(text);
      else if (this.#current?.text !== text && !this.#waiting.includes(text)) this.#waiting.push(text);
    }
    this.#go();
  }

  /** Lets go of the line that is being rendered; `resume` takes it up again. */
  rest(): void {
    this.#resting = true;
    if (this.#current === undefined) return;
    const { text, request } = this.#current;
    this.#current = undefined;
    this.#release(text);
    this.#waiting.unshift(text);
    request.abort();
  }

  resume(): void {
    this.#resting = false;
    this.#go();
  }

  tick(now: number): void {
    this.#current?.request.tick(now);
    if (this.#lookAgainAt !== undefined && now >= this.#lookAgainAt) this.#go();
  }

  close(): void {
    this.#waiting = [];
    this.#lookAgainAt = undefined;
    if (this.#current !== undefined) this.#release(this.#current.text);
    this.#current?.request.abort();
    this.#current = undefined;
  }

  #go(): void {
    if (this.#resting || this.#current !== undefined) return;
    const { endpoint, phrases, now } = this.#studio;
    this.#lookAgainAt = undefined;
    for (const text of this.#waiting.filter((waiting) => this.#isKnown(waiting))) this.#tell(text);
    const text = this.#waiting.find((waiting) => phrases.claim(endpoint.line(waiting), now()));
    if (text === undefined) {
      if (this.#waiting.length > 0) this.#lookAgainAt = now() + LOOK_AGAIN_MS;
      return;
    }
    this.#waiting = this.#waiting.filter((waiting) => waiting !== text);
    void this.#get(text);
  }

  #tell(text: string): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== text);
    this.#ready(text);
  }

  #release(text: string): void {
    const { endpoint, phrases } = this.#studio;
    phrases.release(endpoint.line(text));
  }

  async #get(text: string): Promise<void> {
    const request = new PhraseRequest(this.#studio, text, FIRST_AUDIO_MS);
    this.#current = { text, request };
    const failure = await request.run(() => undefined);
    if (this.#current?.request !== request) return;
    this.#current = undefined;
    this.#release(text);
    if (failure === undefined) this.#ready(text);
    this.#go();
  }

  #isKnown(text: string): boolean {
    const { phrases, endpoint } = this.#studio;
    return phrases.known(endpoint.line(text)) !== undefined;
  }
}
