import { VERDICT_MS } from './mouth.ts';
import { type OpenTurn, Pauses, patienceMs } from './patience.ts';
import { CallerTurn, sameWords } from './turn.ts';

/** Words that get neither a final transcript nor company for this long are the turn, in ms: their recogniser was lost. */
const TURN_STALL_MS = 4000;
/** A recogniser that is lost while words are under way has so long to be back, in ms: one handshake in vain, and a second one. */
const AWAY_MS = 6000;
/** The shortest silence that ends a turn, however sure the recogniser is, in ms. */
const SHORTEST_PAUSE_MS = 200;
/** How long a recogniser that does not tell has listened to silence, in ms. */
const USUAL_PAUSE_MS = 300;
/** A caller who speaks again after more than this began something else, in ms. */
const LONGEST_PAUSE_MS = 2000;

/** The caller's turns: the one that lasts, the one before it, and how long this caller pauses within one. */
export class Turns {
  readonly #mintId: () => string;
  readonly #pauses = new Pauses();
  #current: CallerTurn | undefined;
  #answered: CallerTurn | undefined;
  /** Recogniser news about audio up to here belongs to a turn that is already over, in ms of call audio. */
  #overMs = 0;
  /** The last turn was over at its first pause, unless the caller goes on with it. */
  #endedWell = false;
  /** When the caller began to make a sound last, in ms. */
  #soundAt = 0;
  /** The words of a turn that was over before they were final. */
  #unconfirmed = '';

  constructor(mintId: () => string) {
    this.#mintId = mintId;
  }

  /** How long this caller pauses within a turn, as learnt so far. */
  get pauses(): Pauses {
    return this.#pauses;
  }

  get current(): CallerTurn | undefined {
    return this.#current;
  }

  /** When the turn is over if it gets no further words. */
  get deadline(): number | undefined {
    const turn = this.#current;
    return turn === undefined ? undefined : (turn.endAt ?? turn.heardAt + TURN_STALL_MS);
  }

  /** True for news about words that end at `endMs` of the call audio, when that moment lies in a turn that is over. */
  isLate(endMs: number | undefined): boolean {
    return endMs !== undefined && endMs <= this.#overMs;
  }

  /** What the caller would have said if the turn's last words were these. */
  freshWith(text: string): string {
    return this.#current?.freshWith(text) ?? text;
  }

  /** Takes words that may still change. `goesOn`: they belong to the turn that was answered too soon. */
  heard(text: string, goesOn: boolean, now: number): CallerTurn {
    const turn = this.#open(goesOn, now);
    if (turn.endAt !== undefined) this.#wentOn(turn, now);
    turn.heard(text, now);
    return turn;
  }

  /** Takes words that will not change, whose last sound was at `speechEndAt`; undefined if nobody knows. */
  settled(
    text: string,
    endMs: number | undefined,
    speechEndAt: number | undefined,
    goesOn: boolean,
    now: number,
  ): CallerTurn {
    const turn = this.#open(goesOn, now);
    turn.settle(text, endMs, speechEndAt, now);
    return turn;
  }

  /** Takes typed words, which follow those that were spoken. */
  typed(text: string, now: number): CallerTurn {
    const turn = this.#open(false, now);
    turn.fix();
    turn.settle(text, undefined, undefined, now);
    return turn;
  }

  /** Decides when a turn is over whose utterance has ended; `asked` is what the agent had asked. */
  await(turn: CallerTurn, { asked, language }: Omit<OpenTurn, 'words'>, now: number): void {
    const patience = patienceMs({ words: turn.words, asked, language });
    turn.complete = patience === 0;
    const pauseMs = Math.max(SHORTEST_PAUSE_MS, this.#pauses.usualMs, patience);
    turn.endAt = Math.min((turn.speechEndAt ?? now - USUAL_PAUSE_MS) + pauseMs, now + TURN_STALL_MS);
  }

  /** The caller has made a sound: a turn that was about to be over waits for the words. */
  sound(now: number): void {
    const turn = this.#current;
    this.#soundAt = now;
    if (turn?.endAt === undefined) return;
    turn.endAt = Math.min(Math.max(turn.endAt, now + VERDICT_MS), turn.heardAt + TURN_STALL_MS);
  }

  /** The turn is over. `deliberate`: the caller ended it by hand. */
  over(turn: CallerTurn, deliberate: boolean): void {
    this.#current = undefined;
    this.#overMs = Math.max(this.#overMs, turn.endMs);
    this.#endedWell = !deliberate && !turn.goesOn;
  }

  /** The turn is being answered; the caller may yet turn out to have had more to say. */
  answered(turn: CallerTurn): void {
    this.#answered = turn;
  }

  /** Nothing more is wanted of the audio up to `ms` of the call; the words so far will not be waited for. */
  closeAt(ms: number): void {
    this.#overMs = Math.max(this.#overMs, ms);
    this.#unconfirmed = this.#current?.fresh ?? '';
  }

  /**
   * Another recogniser listens, from where words were heard last, `heardMs` of the call's audio: it tells nothing late.
   * What waited for it reaches it until `caughtUpAt`.
   */
  reopened(heardMs: number, caughtUpAt: number): void {
    this.#overMs = heardMs;
    this.#unconfirmed = '';
    const turn = this.#current;
    if (turn !== undefined) turn.heardAt = Math.max(turn.heardAt, caughtUpAt);
  }

  /** The recogniser was lost: the words that it would have told are waited for. */
  recogniserLost(now: number): void {
    const turn = this.#current;
    if (turn !== undefined) turn.heardAt = Math.max(turn.heardAt, now + AWAY_MS - TURN_STALL_MS);
  }

  /** True for interim words that were taken as they were: their recogniser still shows them. */
  repeats(text: string): boolean {
    return this.#current === undefined && this.#unconfirmed !== '' && sameWords(text, this.#unconfirmed);
  }

  /** The recogniser has given its final words, late or not. */
  confirmed(): void {
    this.#unconfirmed = '';
  }

  forget(): void {
    this.#current = undefined;
  }

  #open(goesOn: boolean, now: number): CallerTurn {
    if (this.#current !== undefined) return this.#current;
    const answered = goesOn ? this.#answered : undefined;
    if (answered === undefined && this.#endedWell) this.#pauses.none();
    this.#endedWell = false;
    if (answered !== undefined) this.#wentOn(answered, now);
    const turn = new CallerTurn(answered?.id ?? this.#mintId(), now, answered?.words);
    turn.goesOn = answered !== undefined;
    this.#current = turn;
    return turn;
  }

  /** The caller paused within a turn whose words could have been all: the next such pause is waited for. */
  #wentOn(turn: CallerTurn, now: number): void {
    if (!turn.complete) return;
    turn.goesOn = true;
    const { speechEndAt } = turn;
    if (speechEndAt === undefined) return;
    // Words are told some time after they began to be spoken.
    const pauseMs = (this.#soundAt > speechEndAt ? this.#soundAt : now) - speechEndAt;
    if (pauseMs <= LONGEST_PAUSE_MS) this.#pauses.within(pauseMs);
  }
}
