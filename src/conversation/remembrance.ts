import { GRACE_MS } from './absence.ts';
import type { Duration } from './duration.ts';
import type { History } from './history.ts';
import { type Memory, type RememberedReply, rememberedOf } from './memory.ts';
import type { Mouth } from './mouth.ts';
import type { Silence } from './silence.ts';
import type { Spending } from './spending.ts';
import type { CallerTurn } from './turn.ts';
import type { Turns } from './turns.ts';

/** What a conversation is made of, as far as it is remembered. */
export interface Parts {
  readonly history: History;
  readonly mouth: Mouth;
  readonly turns: Turns;
  readonly silence: Silence;
  readonly duration: Duration;
  readonly spending: Spending;
}

/** What a conversation knows besides its parts. */
export interface Present {
  readonly language: string;
  readonly unanswered: readonly CallerTurn[];
}

/** The same, with the reply of an object that died, until the caller is back, and when he was lost, if he is. */
export interface Whole extends Present {
  readonly known: RememberedReply | undefined;
  readonly lostAt: number | undefined;
}

/** Turns the parts of a conversation into plain data at the boundaries of turns, and back. */
export class Remembrance {
  readonly #parts: Parts;
  #boundary: readonly unknown[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * What is to be remembered if a boundary was passed since the last call: a turn is over, a reply began, was sent, or
   * is over, or the caller left or came back.
   */
  next(whole: Whole): Memory | undefined {
    const { history, mouth } = this.#parts;
    const { known, unanswered, lostAt } = whole;
    const { reply } = mouth;
    const boundary = [
      history.version,
      reply?.utteranceId,
      reply?.stage === 'tail',
      known,
      unanswered.length,
      lostAt,
    ];
    if (boundary.every((fact, i) => fact === this.#boundary[i])) return undefined;
    this.#boundary = boundary;
    return this.memory(whole);
  }

  /** Has the parts go on from what was remembered. */
  restore(memory: Memory): void {
    const { mouth, history, turns, silence, duration } = this.#parts;
    history.remember(memory.messages);
    mouth.remember(memory);
    turns.pauses.remember(memory.usualPauseMs);
    silence.remember(memory);
    this.#parts.spending.remember(memory.spentTokens);
    if (memory.endAt !== undefined) duration.remember(memory.endAt);
  }

  memory({ language, unanswered, known, lostAt }: Whole): Memory {
    const { mouth, history, turns, silence, duration } = this.#parts;
    const reply = known ?? (mouth.reply && rememberedOf(mouth.reply));
    return {
      language,
      messages: history.all.flatMap(({ role, content }) => (role === 'system' ? [] : [{ role, content }])),
      unanswered: unanswered.map((turn) => turn.memory),
      usualPauseMs: turns.pauses.usualMs,
      falseAlarms: mouth.trust.falseAlarms,
      spentTokens: this.#parts.spending.tokens,
      ...silence.memory,
      ...(duration.endAt === undefined ? {} : { endAt: duration.endAt }),
      ...(reply === undefined ? {} : { reply }),
      ...(mouth.lastSaid === undefined ? {} : { lastSaid: mouth.lastSaid }),
      ...(lostAt === undefined ? {} : { lostAt }),
    };
  }
}

/** True when nobody may come back any more to a call that is remembered so. */
export function isExpired({ lostAt }: Memory, now: number): boolean {
  return lostAt !== undefined && now >= lostAt + GRACE_MS;
}
