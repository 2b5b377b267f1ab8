import type { Referee } from '../support/referee.ts';

/** Problems kept word for word; all are counted. */
const KEPT = 20;

/** What happened in all calls of a soak. */
export class Tally {
  /** The session of every call that was begun. */
  readonly sessions: string[] = [];
  readonly kept: string[] = [];
  violations = 0;
  /** Turns that were spoken, or typed, to a listening agent, and those that got no answer in time. */
  turns = 0;
  unanswered = 0;
  lost = 0;
  resumed = 0;
  /** Calls whose caller vanished without a word. */
  vanished = 0;
  frames = 0;
  /** From the last frame of speech to the first audio of the answer, in ms. */
  readonly answers: number[] = [];
  /** Silences that listeners heard within an utterance, in ms. */
  readonly holes: number[] = [];
  /** From a request to its ack, in ms. */
  readonly acks: number[] = [];
  readonly closes = new Map<string, number>();
  readonly reasons = new Map<string, number>();
  readonly troubles = new Map<string, number>();

  count(map: Map<string, number>, key: string): void {
    map.set(key, (map.get(key) ?? 0) + 1);
  }

  /** Takes over what a call's referee saw. */
  judge({ violations, count }: Referee): void {
    for (const violation of violations) this.#keep(violation);
    this.violations += count;
  }

  problem(what: string): void {
    this.#keep(what);
    this.violations += 1;
  }

  #keep(what: string): void {
    if (this.kept.length < KEPT) this.kept.push(what);
  }
}
