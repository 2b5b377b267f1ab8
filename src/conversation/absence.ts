import type { CallEvent } from './events.ts';

/** How long a caller whose connection was lost may stay away before the call is over, in ms. */
export const GRACE_MS = 60_000;
/** After a longer absence the agent does not go on in mid-word, in ms. */
export const SHORT_MS = 5000;
/** How long a client that is back may take to tell what it has of the agent's words, in ms. */
const REPORT_MS = 500;

export type PlaybackReport = Omit<Extract<CallEvent, { type: 'caller.playback' }>, 'type'>;

/** How the caller came back: how long he was away, in ms, and what his client has of the agent's words, if it told. */
export interface Return {
  readonly absentMs: number;
  readonly report: PlaybackReport | undefined;
}

/** Whether the caller is there: gone for at most `GRACE_MS`, and back only when it is known what he has heard. */
export class Absence {
  #state:
    | { readonly is: 'here' }
    /** `since`: when he last could hear; `from`: when his connection was lost last. */
    | { readonly is: 'gone'; readonly since: number; readonly from: number }
    | { readonly is: 'returning'; readonly since: number; readonly at: number } = { is: 'here' };

  /** `lostAt`: since when he has been away already. */
  constructor(lostAt?: number) {
    if (lostAt !== undefined) this.#state = { is: 'gone', since: lostAt, from: lostAt };
  }

  get away(): boolean {
    return this.#state.is !== 'here';
  }

  get returning(): boolean {
    return this.#state.is === 'returning';
  }

  /** When he lost his connection; undefined while he has one. */
  get lostAt(): number | undefined {
    return this.#state.is === 'gone' ? this.#state.from : undefined;
  }

  get deadline(): number | undefined {
    const state = this.#state;
    if (state.is === 'here') return undefined;
    return state.is === 'gone' ? state.from + GRACE_MS : state.at + REPORT_MS;
  }

  lost(now: number): void {
    const state = this.#state;
    if (state.is === 'gone') return;
    this.#state = { is: 'gone', since: state.is === 'here' ? now : state.since, from: now };
  }

  /** He has a connection again; what he has heard is still to be told. */
  returned(now: number): void {
    const state = this.#state;
    this.#state = { is: 'returning', since: state.is === 'here' ? now : state.since, at: now };
  }

  /** What he has heard is known, or will not be told: he is there again. */
  over(report: PlaybackReport | undefined): Return {
    const state = this.#state;
    this.#state = { is: 'here' };
    return { absentMs: state.is === 'returning' ? state.at - state.since : 0, report };
  }

  /** True when it is time: for the end of a call to which nobody came back, or to go on without a report. */
  due(now: number): boolean {
    return this.deadline !== undefined && now >= this.deadline;
  }
}
