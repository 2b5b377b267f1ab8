/** How long the agent waits for a caller who asked it to, in ms. */
const HOLD_MS = 30_000;
/** How often a silent caller is asked before the agent says goodbye. */
const PROMPTS = 2;

/** The time in which nobody speaks: twice the agent asks whether the caller is there, then the call ends. */
export class Silence {
  readonly #promptMs: number;
  #since: number | undefined;
  #prompts = 0;
  #held = false;

  /** `promptMs`: how long a silence is before the agent speaks up, in ms. */
  constructor(promptMs: number) {
    this.#promptMs = promptMs;
  }

  get deadline(): number | undefined {
    if (this.#since === undefined) return undefined;
    return this.#since + (this.#held ? Math.max(HOLD_MS, this.#promptMs) : this.#promptMs);
  }

  /** Nobody speaks; a second time within one silence changes nothing. */
  begins(now: number): void {
    this.#since ??= now;
  }

  /** Somebody speaks, or is about to. */
  breaks(): void {
    this.#since = undefined;
  }

  /** The caller has said something: the agent is not alone. */
  answered(): void {
    this.#prompts = 0;
    this.#held = false;
  }

  /** The caller has asked for a moment. */
  hold(): void {
    this.#held = true;
  }

  /** What the agent does about a silence that has lasted long enough. */
  due(now: number): 'ask' | 'ask-again' | 'leave' | undefined {
    if (this.deadline === undefined || now < this.deadline) return undefined;
    this.#held = false;
    this.#prompts++;
    if (this.#prompts > PROMPTS) return 'leave';
    return this.#prompts === 1 ? 'ask' : 'ask-again';
  }
}
