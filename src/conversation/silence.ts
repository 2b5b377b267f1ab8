/** How long the agent waits for a caller who asked it to, in ms. */
const HOLD_MS = 30_000;
/** A sound may be the beginning of words: for so long the agent holds its tongue, in ms. */
const SOUND_MS = 700;
/** How often sounds may do so in one silence: noise must not keep the agent from speaking up. */
const SOUNDS = 3;
/** How often a silent caller is asked before the agent says goodbye. */
const PROMPTS = 2;

/** The time in which nobody speaks: twice the agent asks whether the caller is there, then the call ends. */
export class Silence {
  readonly #promptMs: number;
  #since: number | undefined;
  #prompts = 0;
  #held = false;
  #sounds = 0;
  #notBefore = 0;

  /** `promptMs`: how long a silence is before the agent speaks up, in ms. */
  constructor(promptMs: number) {
    this.#promptMs = promptMs;
  }

  /** How often the silent caller was asked, and whether he has asked for a moment. */
  get memory(): { readonly prompts: number; readonly held: boolean } {
    return { prompts: this.#prompts, held: this.#held };
  }

  remember({ prompts, held }: { readonly prompts: number; readonly held: boolean }): void {
    this.#prompts = prompts;
    this.#held = held;
  }

  get deadline(): number | undefined {
    if (this.#since === undefined) return undefined;
    const waitMs = this.#held ? Math.max(HOLD_MS, this.#promptMs) : this.#promptMs;
    return Math.max(this.#since + waitMs, this.#notBefore);
  }

  /** Nobody speaks; a second time within one silence changes nothing. */
  begins(now: number): void {
    this.#since ??= now;
  }

  /** The caller makes a sound: the agent does not begin to speak just then. */
  sound(now: number): void {
    const { deadline } = this;
    if (deadline === undefined || now + SOUND_MS <= deadline || this.#sounds >= SOUNDS) return;
    this.#sounds++;
    this.#notBefore = now + SOUND_MS;
  }

  /** Somebody speaks, or is about to. */
  breaks(): void {
    this.#since = undefined;
    this.#sounds = 0;
    this.#notBefore = 0;
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
