import { detectOptOut } from '../outreach/outcome.ts';
import type { CallState, EndReason } from '../protocol/replies.ts';
import { earliest } from './deadline.ts';
import { Duration } from './duration.ts';
import { Ear } from './ear.ts';
import type { CallEvent, Command } from './events.ts';
import { send } from './events.ts';
import { Floor, type Meaning } from './floor.ts';
import { Hearing } from './hearing.ts';
import { History } from './history.ts';
import { Latency } from './latency.ts';
import { outcomeSoFar } from './memory.ts';
import { Mouth } from './mouth.ts';
import { asksToHold, isRuled } from './overlap.ts';
import { type CallPlan, promptOf } from './plan.ts';
import { type Past, Presence } from './presence.ts';
import { rehearse } from './rehearsal.ts';
import { Silence } from './silence.ts';
import { BUDGET_SPENT, Spending } from './spending.ts';
import { CallerTurn } from './turn.ts';
import { Turns } from './turns.ts';

/**
 * One call as a state machine: events and the time go in, commands come out. It holds no clock, socket or promise; the
 * rules it follows are numbered in `docs/conversation.md`. Times are ms since the epoch and never run backwards.
 */
export class Conversation {
  readonly #plan: CallPlan;
  readonly #history = new History();
  readonly #ear: Ear;
  readonly #mouth: Mouth;
  readonly #floor: Floor;
  readonly #turns: Turns;
  readonly #hearing: Hearing;
  readonly #silence: Silence;
  readonly #duration: Duration;
  readonly #latency = new Latency();
  readonly #presence: Presence;
  readonly #spending: Spending;
  #phase: 'waiting' | 'live' | 'ended' = 'waiting';
  #learned = false;
  #language = 'en-US';
  /** Turns that were over while a line was said that is not interrupted. */
  #unanswered: CallerTurn[] = [];
  #state: CallState | undefined;
  #out: Command[] = [];

  /** `past`: what was remembered of the call by an object that died; the caller is away then. */
  constructor(plan: CallPlan, past?: Past) {
    this.#plan = plan;
    this.#ear = new Ear(plan.recognition);
    this.#turns = new Turns(plan.mintId);
    this.#hearing = new Hearing(this.#ear, this.#turns);
    this.#silence = new Silence(plan.pace.idlePromptMs);
    this.#duration = new Duration(plan.pace.maxCallMs);
    this.#spending = new Spending(plan.pace.maxTokens);
    this.#mouth = new Mouth({
      ...plan,
      audioAheadMs: plan.pace.audioAheadMs,
      messages: (pending) => this.#history.messages(promptOf(plan, this.#duration.short), pending),
      over: (heard, interrupted, metrics) => {
        this.#history.agent(heard, interrupted);
        if (metrics.turnId !== undefined) this.#latency.add(metrics);
        this.#learn();
      },
      corrected: (heard, interrupted) => this.#history.correct(heard, interrupted),
    });
    this.#floor = new Floor(this.#mouth);
    const parts = {
      history: this.#history,
      mouth: this.#mouth,
      turns: this.#turns,
      silence: this.#silence,
      duration: this.#duration,
      spending: this.#spending,
    };
    this.#presence = new Presence(parts, past);
    if (past !== undefined) this.#restore(past);
  }

  #restore({ memory, turns, now }: Past): void {
    for (const turn of turns) if (turn.turnId !== undefined) this.#latency.add(turn);
    if (memory.endAt !== undefined) this.#phase = 'live';
    this.#language = memory.language;
    this.#unanswered = memory.unanswered.map((turn) => CallerTurn.remembered(turn, now));
  }

  /** When `tick` is wanted next. */
  get deadline(): number | undefined {
    if (this.#phase === 'ended') return undefined;
    const speakers = earliest(this.#ear.deadline, this.#turns.deadline, this.#mouth.deadline);
    return earliest(speakers, this.#silence.deadline, this.#duration.deadline, this.#presence.deadline);
  }

  /** True once the caller's audio was announced. */
  get listening(): boolean {
    return this.#phase === 'live' && this.#ear.started;
  }

  get ended(): boolean {
    return this.#phase === 'ended';
  }

  /** Takes one event; the commands are to be carried out in order. After the end nothing has any effect. */
  handle(event: CallEvent, now: number): readonly Command[] {
    if (this.#phase === 'ended') return [];
    this.#out = [];
    this.#spending.heard(event);
    this.#take(event, now);
    this.#goOn(now);
    this.#announceState();
    if (event.type !== 'caller.audio') this.#remember();
    return this.#out;
  }

  #take(event: CallEvent, now: number): void {
    switch (event.type) {
      case 'caller.audio':
        return this.#do(this.#ear.audio(event.pcm));
      case 'caller.start':
        return this.#start(event.samplingRate, event.language, now);
      case 'caller.turn-end':
        return this.#do(this.#ear.endTurn(now));
      case 'caller.text':
        return this.#typed(event.text, now);
      case 'caller.playback':
        return this.#do(this.#presence.playback(event, now));
      case 'caller.lost':
        return this.#do(this.#presence.lost(now));
      case 'caller.connected':
        return this.#duration.connected(now);
      case 'caller.returned':
        this.#duration.connected(now);
        return this.#do(this.#presence.returned(now));
      case 'caller.hang-up':
      case 'caller.gone':
        return this.#end('caller_hung_up');
      case 'recogniser.open':
        rehearse(this.#language);
        return this.#do(this.#hearing.opened(now));
      case 'recogniser.speech':
        return this.#sound(now);
      case 'recogniser.interim':
        return this.#interim(event.text, event.endMs, now);
      case 'recogniser.segment':
        return this.#ear.settledSo(event.text, event.endMs);
      case 'recogniser.listened':
        return this.#ear.listened(event.untilMs);
      case 'recogniser.eager':
        return this.#speculate(now);
      case 'recogniser.resumed':
        return this.#do(this.#mouth.drop());
      case 'recogniser.final':
        return this.#final(event.text, event.endMs, now);
      case 'recogniser.failed':
        return this.#do(this.#hearing.failed(event.failure, now));
      case 'voice.ready':
        return this.#mouth.ready(event.text);
      case 'tick':
        return this.#tick(event.late ?? false, now);
      default:
        return this.#do(this.#mouth.news(event, now));
    }
  }

  #start(samplingRate: number, language: string, now: number): void {
    const first = this.#phase === 'waiting';
    this.#begin(now);
    this.#language = language;
    this.#do(this.#ear.start(samplingRate, language, now));
    if (!first) return;
    this.#do([{ type: 'voice.prepare' }]);
    this.#do(this.#mouth.line(this.#plan.lines.greeting, { type: 'greeting' }, now));
  }

  #begin(now: number): void {
    this.#phase = 'live';
    this.#duration.start(now);
  }

  #typed(text: string, now: number): void {
    this.#begin(now);
    this.#do([{ type: 'voice.prepare' }]);
    this.#close(this.#turns.typed(text, now), true, now);
  }

  /** The caller has begun to make a sound; words, if it is any, come later. */
  #sound(now: number): void {
    this.#turns.sound(now);
    this.#silence.sound(now);
    if (this.#presence.away) return;
    this.#do([{ type: 'voice.prepare' }, ...this.#floor.sound(now)]);
  }

  #interim(text: string, endMs: number | undefined, now: number): void {
    if (text === '' || !this.#ear.started || this.#turns.repeats(text)) return;
    this.#ear.shown(endMs);
    const meaning = this.#meaning(this.#turns.freshWith(text), false, now);
    if (meaning === 'echo') return this.#do(this.#floor.yield(meaning, text, now));
    const turn = this.#turns.heard(text, this.#goesOn(meaning, now), now);
    if (this.#mouth.speculatesOther(turn.fresh)) this.#do(this.#mouth.drop());
    this.#do([send('voicechat.transcript.interim', { text: turn.words, turnId: turn.id })]);
    this.#do(this.#floor.yield(meaning, turn.fresh, now));
  }

  #final(text: string, endMs: number | undefined, now: number): void {
    this.#turns.confirmed();
    if (text !== '') this.#ear.heard(text, endMs);
    if (this.#turns.isLate(endMs) || !this.#ear.started) return;
    const byHand = this.#ear.finalizing;
    this.#ear.settled();
    if (text === '') return this.#finalWithoutWords(byHand, now);
    const meaning = this.#meaning(this.#turns.freshWith(text), true, now, byHand);
    // Of words from a replay nobody knows what the caller did since.
    const known = endMs !== undefined && this.#ear.behindMs(now) === 0;
    const speechEndAt = known ? this.#ear.heardAt(endMs, now) : undefined;
    const turn = this.#turns.settled(text, endMs, speechEndAt, this.#goesOn(meaning, now), now);
    if (this.#mouth.speculatesOther(turn.fresh)) this.#do(this.#mouth.drop());
    if (byHand || meaning === 'aside' || meaning === 'echo') return this.#close(turn, byHand, now);
    this.#do(this.#floor.yield(meaning, turn.fresh, now));
    this.#turns.await(turn, { asked: this.#mouth.asked, language: this.#language }, now);
    if (now >= (turn.endAt ?? now)) this.#close(turn, false, now);
    else this.#speculate(now);
  }

  /** Nothing more was heard: a turn that was ended by hand, or is waiting for more, is over. */
  #finalWithoutWords(byHand: boolean, now: number): void {
    const { current } = this.#turns;
    if (byHand && current !== undefined) this.#close(current, true, now);
  }

  #meaning(words: string, final: boolean, now: number, byHand = false): Meaning {
    return this.#floor.meaning({ words, final, byHand, language: this.#language }, now);
  }

  /** True for words that show that the turn which is being answered was not over. */
  #goesOn(meaning: Meaning, now: number): boolean {
    return meaning === 'interruption' && this.#mouth.answersTooSoon(now);
  }

  /** Begins the reply to the words so far, if nothing is being said and they are for the model. */
  #speculate(now: number): void {
    const { current: turn } = this.#turns;
    const free = this.#plan.pace.speculation && !this.#spending.spent && !this.#presence.away;
    const wanted = free && this.#phase === 'live' && this.#unanswered.length === 0;
    if (!wanted || turn === undefined || this.#mouth.busy || !turn.mayTry || isRuled(turn, this.#language))
      return;
    turn.tries++;
    this.#do(this.#mouth.speculate(turn.fresh, { type: 'turn', turnId: turn.id }, now));
  }

  /** The turn is over. `deliberate` words were ended by hand or typed. */
  #close(turn: CallerTurn, deliberate: boolean, now: number): void {
    const meaning = this.#meaning(turn.fresh, true, now, deliberate);
    this.#do(this.#floor.yield(meaning, turn.fresh, now));
    this.#turns.over(turn, deliberate);
    if (meaning === 'echo') return;
    this.#do([send('voicechat.transcript.final', { text: turn.words, turnId: turn.id })]);
    this.#silence.answered();
    if (meaning === 'aside' || meaning === 'ignored') return;
    if (meaning === 'later' || this.#presence.away) this.#unanswered.push(turn);
    else this.#answer(turn, now);
  }

  #answer(turn: CallerTurn, now: number): void {
    const { lines } = this.#plan;
    const facts = {
      speechEndAt: turn.speechEndAt,
      speculation: turn.tries > 0 ? 'miss' : 'none',
      wastedTokens: 0,
    } as const;
    const cause = { type: 'turn', turnId: turn.id } as const;
    this.#turns.answered(turn);
    this.#history.caller(turn.fresh);
    if (detectOptOut(turn.words)) {
      const ending = { reason: 'agent_ended', outcome: 'opted-out' } as const;
      return this.#do(this.#mouth.line(lines.optOut, { ...cause, type: 'closing' }, now, ending, facts));
    }
    if (this.#spending.spent) return this.#sayGoodbye('budget_spent', now);
    if (!asksToHold(turn.fresh, this.#language)) {
      return this.#do(this.#mouth.answer(turn.fresh, cause, facts, now));
    }
    this.#silence.hold();
    this.#do(this.#mouth.line(lines.wait, cause, now, undefined, facts));
  }

  #tick(late: boolean, now: number): void {
    if (this.#presence.isAbandoned(now)) return this.#giveUp('abandoned');
    this.#do(this.#presence.tick(now));
    this.#do(this.#ear.tick(now));
    if (this.#hearing.isDue(now)) this.#endTurn(now);
    this.#do(this.#mouth.tick(late, now));
    const remainingMs = this.#duration.pass(now);
    if (remainingMs !== undefined) this.#do([send('voicechat.call.warning', { remainingMs })]);
    if (this.#phase === 'waiting' && this.#duration.ends(false)) return this.#giveUp('abandoned');
    this.#breakSilence(now);
  }

  #endTurn(now: number): void {
    const byHand = this.#ear.finalizing;
    const turn = this.#hearing.endsTurn();
    if (turn !== undefined) this.#close(turn, byHand, now);
  }

  #breakSilence(now: number): void {
    const { lines } = this.#plan;
    const due = this.#silence.due(now);
    if (due === undefined) return;
    this.#do([{ type: 'voice.prepare' }]);
    if (due === 'ask') return this.#do(this.#mouth.line(lines.stillThere, { type: 'prompt' }, now));
    if (due === 'ask-again') return this.#do(this.#mouth.line(lines.couldNotHear, { type: 'prompt' }, now));
    const ending = { reason: 'caller_silent', outcome: 'no-decision' } as const;
    this.#do(this.#mouth.line(lines.goodbye, { type: 'prompt' }, now, ending));
  }

  /** What follows from the state of things, whatever brought it about. */
  #goOn(now: number): void {
    if (this.#phase !== 'live') return;
    const { ended } = this.#mouth;
    if (ended !== undefined) return this.#end(ended.reason, ended.outcome);
    if (this.#presence.away) {
      this.#silence.breaks();
      return this.#duration.ends(false) ? this.#giveUp('max_duration') : undefined;
    }
    if (!this.#mouth.busy) this.#answerHeldTurns(now);
    const busy = this.#mouth.reply !== undefined || this.#turns.current !== undefined;
    if (this.#duration.ends(busy)) this.#sayGoodbye('max_duration', now);
    const quiet = this.#mouth.reply === undefined && this.#turns.current === undefined && this.#ear.hears;
    if (quiet) this.#silence.begins(now);
    else this.#silence.breaks();
  }

  #answerHeldTurns(now: number): void {
    const held = this.#unanswered.splice(0);
    const decisive = held.find((turn) => detectOptOut(turn.words)) ?? held.at(-1);
    for (const turn of held) if (turn !== decisive) this.#history.caller(turn.fresh);
    if (decisive !== undefined) this.#answer(decisive, now);
  }

  /** The call has lasted, or cost, enough, whoever is speaking. */
  #sayGoodbye(reason: 'max_duration' | 'budget_spent', now: number): void {
    const { reply } = this.#mouth;
    if (reply?.cause.type === 'closing' || reply?.ending !== undefined) return;
    this.#turns.forget();
    this.#do(this.#mouth.drop());
    this.#do(this.#mouth.interrupt(now));
    if (reason === 'budget_spent') this.#do([BUDGET_SPENT]);
    const ending = { reason, outcome: 'no-decision' } as const;
    this.#do(this.#mouth.line(this.#plan.lines.goodbye, { type: 'closing' }, now, ending));
  }

  /** Once the greeting has been said there is time to get the other fixed lines ready. */
  #learn(): void {
    if (this.#learned) return;
    this.#learned = true;
    const { greeting: _, ...others } = this.#plan.lines;
    this.#do([{ type: 'voice.learn', texts: Object.values(others) }]);
  }

  /** Nobody came back in time, or nobody is there at the end of the longest duration. */
  #giveUp(reason: 'abandoned' | 'max_duration'): void {
    const { current } = this.#turns;
    const unanswered = current === undefined ? this.#unanswered : [...this.#unanswered, current];
    this.#end(reason, outcomeSoFar(this.#presence.memory({ language: this.#language, unanswered })));
  }

  #end(reason: EndReason, outcome?: string): void {
    this.#phase = 'ended';
    this.#do([
      send('voicechat.call.ended', {
        reason,
        ...(outcome === undefined ? {} : { outcome }),
        latency: this.#latency.summary(),
      }),
      { type: 'call.close', reason },
    ]);
  }

  #remember(): void {
    if (this.#phase === 'ended') return;
    const memory = this.#presence.remember({ language: this.#language, unanswered: this.#unanswered });
    if (memory !== undefined) this.#do([{ type: 'remember', memory }]);
  }

  #announceState(): void {
    if (this.#presence.away) this.#state = undefined;
    if (this.#phase !== 'live' || this.#presence.away) return;
    const state = this.#mouth.doing ?? 'listening';
    if (state === this.#state) return;
    this.#state = state;
    this.#do([send('voicechat.state', { state })]);
  }

  #do(commands: readonly Command[]): void {
    for (const command of commands) this.#spending.ordered(command);
    this.#out.push(...commands);
  }
}
