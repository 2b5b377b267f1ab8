import type { Ear } from './ear.ts';
import type { Command, Failure } from './events.ts';
import type { CallerTurn } from './turn.ts';
import type { Turns } from './turns.ts';

/** What becomes of the caller's turns when the recogniser comes, goes, or has nothing more to say of them. */
export class Hearing {
  readonly #ear: Ear;
  readonly #turns: Turns;

  constructor(ear: Ear, turns: Turns) {
    this.#ear = ear;
    this.#turns = turns;
  }

  /** The recogniser is open, and is given what it has not heard. */
  opened(now: number): readonly Command[] {
    const commands = this.#ear.opened(now);
    if (commands.length > 0) this.#turns.reopened(this.#ear.heardMs, this.#ear.catchesUpAt(now));
    return commands;
  }

  /** Words that the lost connection had settled stand; the rest is heard again. */
  failed(failure: Failure, now: number): readonly Command[] {
    const { segment } = this.#ear;
    const wasOpen = this.#ear.open;
    const kept = segment !== undefined && this.#turns.current?.keep(segment.text, segment.endMs);
    if (kept) this.#ear.heard(segment.text, segment.endMs);
    const commands = this.#ear.failed(failure, now);
    if (wasOpen && this.#ear.hears) this.#turns.recogniserLost(now);
    return commands;
  }

  /** True when a turn is over by the clock. */
  isDue(now: number): boolean {
    return this.#ear.overdue(now) || now >= (this.#turns.deadline ?? Number.POSITIVE_INFINITY);
  }

  /** The turn that the clock ends. Words that were not final then will not be waited for: news of them is late. */
  endsTurn(): CallerTurn | undefined {
    this.#ear.settled();
    const { current: turn } = this.#turns;
    if (turn?.endAt !== undefined) return turn;
    this.#turns.closeAt(this.#ear.receivedMs);
    if (turn !== undefined) this.#ear.took(turn.fresh);
    return turn;
  }
}
