import type { Outcome } from '../outreach/outcome.ts';
import type { WhichModel } from './events.ts';
import { Sentences } from './sentences.ts';
import type { Splice } from './splice.ts';

/** One request to a model, and what has come of it so far. */
export class Runner {
  /** News of the model carries it. */
  readonly number: number;
  readonly model: WhichModel;
  readonly askedAt: number;
  firstTokenAt: number | undefined;
  tokens = 0;
  /** How the model wants the call to end, if it does. */
  outcome: Outcome | undefined;
  readonly #sentences = new Sentences();
  readonly #splice: Splice | undefined;

  /** `splice`: joins its text to what was said before, when it is to go on with that. */
  constructor(number: number, model: WhichModel, askedAt: number, splice?: Splice) {
    this.number = number;
    this.model = model;
    this.askedAt = askedAt;
    this.#splice = splice;
  }

  /** Takes the next text; returns the pieces it completes. */
  takes(text: string, now: number): readonly string[] {
    this.firstTokenAt ??= now;
    this.tokens++;
    return this.#sentences.push(this.#splice?.push(text) ?? text);
  }

  /** Whether `hurry` would yield something. */
  get canHurry(): boolean {
    return this.#sentences.canHurry;
  }

  /** The whole words so far, before they are a clause. */
  hurry(): readonly string[] {
    return this.#sentences.hurry();
  }

  /** The rest of a whole answer. */
  finish(): readonly string[] {
    return [...this.#joined(), ...this.#sentences.flush()];
  }

  /** What is whole of the rest of an answer that is not. */
  breakOff(): readonly string[] {
    return [...this.#joined(), ...this.#sentences.breakOff()];
  }

  #joined(): readonly string[] {
    return this.#splice === undefined ? [] : this.#sentences.push(this.#splice.flush());
  }
}

/** The requests for one reply: of those that run beside each other the first with something to say wins. */
export class Race {
  #running: readonly Runner[] = [];
  #begun = 0;
  readonly #said: string[] = [];
  /** When the first model may be given a rival although it is late, in ms: the isolate was late as well. */
  excusedUntil: number | undefined;
  /** An answer that broke off was asked to go on. */
  continued = false;

  get running(): readonly Runner[] {
    return this.#running;
  }

  /** How many there were. */
  get begun(): number {
    return this.#begun;
  }

  /** The models' words so far. */
  get said(): string {
    return this.#said.join(' ');
  }

  /** The request of this number, while it is of interest. */
  find(number: number): Runner | undefined {
    return this.#running.find((runner) => runner.number === number);
  }

  begins(runner: Runner): void {
    this.#begun++;
    this.#running = [...this.#running, runner];
  }

  drops(runner: Runner): void {
    this.#running = this.#running.filter((other) => other !== runner);
  }

  /** A request has something to say; returns those that lost by it. */
  wins(runner: Runner, pieces: readonly string[]): readonly Runner[] {
    const lost = this.#running.filter((other) => other !== runner);
    this.#running = [runner];
    this.#said.push(...pieces);
    return lost;
  }

  /** Nothing more is wanted of any. */
  ends(): void {
    this.#running = [];
  }
}
