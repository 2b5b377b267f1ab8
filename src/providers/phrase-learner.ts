import { PhraseRequest, type Studio } from './phrase-request.ts';

/** Makes fixed lines ready in the background, one request at a time, and rests while replies need the synthesiser for theirs. */
export class PhraseLearner {
  readonly #studio: Studio;
  readonly #ready: (text: string) => void;
  #waiting: string[] = [];
  #current: { readonly text: string; readonly request: PhraseRequest } | undefined;
  #resting = false;

  /** `ready` is told every line that is in memory. */
  constructor(studio: Studio, ready: (text: string) => void) {
    this.#studio = studio;
    this.#ready = ready;
  }

  get deadline(): number | undefined {
    return this.#current?.request.deadline;
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
    this.#waiting.unshift(text);
    request.abort();
  }

  resume(): void {
    this.#resting = false;
    this.#go();
  }

  tick(now: number): void {
    this.#current?.request.tick(now);
  }

  close(): void {
    this.#waiting = [];
    this.#current?.request.abort();
    this.#current = undefined;
  }

  #go(): void {
    if (this.#resting || this.#current !== undefined) return;
    const text = this.#waiting.shift();
    if (text !== undefined) void this.#get(text);
  }

  async #get(text: string): Promise<void> {
    const request = new PhraseRequest(this.#studio, text);
    this.#current = { text, request };
    const failure = await request.run(() => undefined);
    if (this.#current?.request !== request) return;
    this.#current = undefined;
    if (failure === undefined) this.#ready(text);
    this.#go();
  }

  #isKnown(text: string): boolean {
    const { phrases, endpoint } = this.#studio;
    return phrases.known(endpoint.line(text)) !== undefined;
  }
}
