import type { TurnMetrics } from '../protocol/replies.ts';
import { Absence, type PlaybackReport } from './absence.ts';
import type { Command } from './events.ts';
import type { Memory, RememberedReply } from './memory.ts';
import { recall } from './recollection.ts';
import { type Parts, type Present, Remembrance, type Whole } from './remembrance.ts';

/** A call that another object held until it died. */
export interface Past {
  readonly memory: Memory;
  /** The agent's turns that were over, in order. */
  readonly turns: readonly TurnMetrics[];
  /** When it is taken up again, in ms since the epoch. */
  readonly now: number;
}

/** Whether the caller is there to hear, and what the agent does when he is lost and comes back. */
export class Presence {
  readonly #parts: Parts;
  readonly #absence: Absence;
  readonly #remembrance: Remembrance;
  /** What an object was saying that died, until the caller is back. */
  #known: RememberedReply | undefined;

  /** With a `past` the parts go on from it, and the caller is away. */
  constructor(parts: Parts, past?: Past) {
    this.#parts = parts;
    this.#absence = new Absence(past?.memory.lostAt ?? past?.now);
    this.#remembrance = new Remembrance(parts);
    if (past === undefined) return;
    this.#remembrance.restore(past.memory);
    this.#known = past.memory.reply;
  }

  /** True while nothing can be said to him: he has no connection, or it is not known yet what he has heard. */
  get away(): boolean {
    return this.#absence.away;
  }

  get deadline(): number | undefined {
    return this.#absence.deadline;
  }

  /** True when nobody came back in time. */
  isAbandoned(now: number): boolean {
    return this.#absence.due(now) && !this.#absence.returning;
  }

  /** The caller's connection is gone. */
  lost(now: number): readonly Command[] {
    this.#absence.lost(now);
    return this.#parts.mouth.hold(now);
  }

  /** The caller has a connection again. The agent waits for his client to tell what he has heard, if that matters. */
  returned(now: number): readonly Command[] {
    const gone = this.away ? [] : this.lost(now);
    this.#absence.returned(now);
    const matters = this.#known !== undefined || this.#parts.mouth.unsettled !== undefined;
    return matters ? gone : [...gone, ...this.#rejoin(undefined, now)];
  }

  /** Takes what the caller's client tells of its playback. */
  playback(report: PlaybackReport, now: number): readonly Command[] {
    const { mouth } = this.#parts;
    // Of the utterance that is not settled nothing is taken to be heard before it is known what the client has.
    const taken = this.away && report.utteranceId === mouth.unsettled ? [] : mouth.playback(report, now);
    const awaited = this.#absence.returning && report.receivedMs !== undefined;
    return awaited ? [...taken, ...this.#rejoin(report, now)] : taken;
  }

  /** A client that does not tell what it has is not waited for any longer. */
  tick(now: number): readonly Command[] {
    return this.#absence.returning && this.#absence.due(now) ? this.#rejoin(undefined, now) : [];
  }

  /** What is to be remembered, if a boundary was passed since the last call. */
  remember(present: Present): Memory | undefined {
    return this.#remembrance.next(this.#whole(present));
  }

  /** The same, whether a boundary was passed or not. */
  memory(present: Present): Memory {
    return this.#remembrance.memory(this.#whole(present));
  }

  #whole(present: Present): Whole {
    return { ...present, known: this.#known, lostAt: this.#absence.lostAt };
  }

  /** The caller is there again, and hears on where he stopped hearing. */
  #rejoin(report: PlaybackReport | undefined, now: number): readonly Command[] {
    const back = this.#absence.over(report);
    const known = this.#known;
    this.#known = undefined;
    const heardOn =
      known === undefined ? this.#parts.mouth.regain(back, now) : recall(known, report, this.#parts, now);
    return [{ type: 'voice.prepare' }, ...heardOn];
  }
}
