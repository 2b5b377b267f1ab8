import { detectOptOut } from '../outreach/outcome.ts';
import type { CallState, EndReason } from '../protocol/replies.ts';
import { isBackchannel } from './backchannel.ts';
import { earliest } from './deadline.ts';
import { Ear } from './ear.ts';
import type { CallEvent, Command } from './events.ts';
import { send } from './events.ts';
import { History } from './history.ts';
import { Mouth } from './mouth.ts';
import type { ReplyCause } from './reply.ts';

/** What one call is about. Everything a conversation needs from outside comes in here or with an event. */
export interface CallPlan {
  readonly systemPrompt: string;
  /** Fixed sentences, ready to be spoken. */
  readonly lines: { readonly greeting: string; readonly apology: string; readonly optOut: string };
  /** Rate of the synthesiser's audio, in Hz. */
  readonly voiceRate: number;
  /** A new UUIDv7 for every call of it. */
  readonly mintId: () => string;
}

/** Words that get neither a final transcript nor company for this long are the turn, in ms: their recogniser was lost. */
const TURN_STALL_MS = 4000;

interface CallerTurn {
  readonly id: string;
  words: string;
  /** When the last of its words came, in ms. */
  heardAt: number;
}

/**
 * One call as a state machine: events and the time go in, commands come out. It holds no clock, socket or promise; the
 * rules it follows are numbered in `docs/conversation.md`. Times are ms since the epoch and never run backwards.
 */
export class Conversation {
  readonly #plan: CallPlan;
  readonly #history = new History();
  readonly #ear = new Ear();
  readonly #mouth: Mouth;
  #phase: 'waiting' | 'live' | 'ended' = 'waiting';
  #language = 'en-US';
  #turn: CallerTurn | undefined;
  /** Recogniser news about audio up to here belongs to a turn that is already over, in ms of call audio. */
  #committedMs = 0;
  #state: CallState | undefined;
  #out: Command[] = [];

  constructor(plan: CallPlan) {
    this.#plan = plan;
    this.#mouth = new Mouth({
      voiceRate: plan.voiceRate,
      apology: plan.lines.apology,
      mintId: plan.mintId,
      messages: () => this.#history.messages(plan.systemPrompt),
      over: (heard, interrupted) => this.#history.agent(heard, interrupted),
    });
  }

  /** When `tick` is wanted next. */
  get deadline(): number | undefined {
    if (this.#phase === 'ended') return undefined;
    const turnEnd = this.#turn === undefined ? undefined : this.#turn.heardAt + TURN_STALL_MS;
    return earliest(earliest(this.#ear.deadline, this.#mouth.deadline), turnEnd);
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
    this.#take(event, now);
    this.#endAfterFarewell();
    this.#announceState();
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
        return this.#do(this.#mouth.playback(event, now));
      case 'caller.hang-up':
        return this.#end('caller_hung_up');
      case 'caller.gone':
        return this.#end('caller_hung_up');
      case 'recogniser.open':
        return this.#do(this.#ear.opened(now));
      case 'recogniser.speech':
        return this.#do([{ type: 'voice.prepare' }]);
      case 'recogniser.interim':
        return this.#interim(event.text, now);
      case 'recogniser.final':
        return this.#final(event.text, event.endMs, now);
      case 'recogniser.failed':
        return this.#do(this.#ear.failed(event.failure, now));
      case 'tick':
        return this.#tick(now);
      case 'recogniser.eager':
      case 'recogniser.resumed':
      case 'voice.ready':
        return;
      default:
        return this.#do(this.#mouth.news(event, now));
    }
  }

  #start(samplingRate: number, language: string, now: number): void {
    const first = this.#phase === 'waiting';
    this.#phase = 'live';
    this.#language = language;
    this.#do(this.#ear.start(samplingRate, language));
    if (!first) return;
    this.#do([{ type: 'voice.prepare' }]);
    this.#do(this.#mouth.line(this.#plan.lines.greeting, { type: 'greeting' }, now));
  }

  #interim(text: string, now: number): void {
    if (text === '' || !this.#ear.started) return;
    this.#turn = { id: this.#turn?.id ?? this.#plan.mintId(), words: text, heardAt: now };
    this.#do([send('voicechat.transcript.interim', { text, turnId: this.#turn.id })]);
    this.#yield(text, this.#ear.finalizing, now);
  }

  #final(text: string, endMs: number | undefined, now: number): void {
    const late = endMs !== undefined && endMs <= this.#committedMs;
    if (late || !this.#ear.started) return;
    const byHand = this.#ear.finalizing;
    this.#ear.settled();
    if (text !== '') this.#commit(text, byHand, now);
  }

  /** The caller's words are complete: they are remembered and answered. `deliberate` words were ended by hand or typed. */
  #commit(text: string, deliberate: boolean, now: number): void {
    const turnId = this.#turn?.id ?? this.#plan.mintId();
    this.#turn = undefined;
    this.#do([send('voicechat.transcript.final', { text, turnId })]);
    if (!this.#yield(text, deliberate, now)) return;
    this.#history.caller(text);
    this.#do(this.#answer(text, turnId, now));
  }

  #answer(text: string, turnId: string, now: number): readonly Command[] {
    if (!detectOptOut(text)) return this.#mouth.ask({ type: 'turn', turnId }, now);
    const cause: ReplyCause = { type: 'farewell', turnId, outcome: 'opted-out' };
    return this.#mouth.line(this.#plan.lines.optOut, cause, now);
  }

  /** Makes room for the caller's words; false when the agent keeps the turn. */
  #yield(text: string, deliberate: boolean, now: number): boolean {
    const reply = this.#mouth.reply;
    if (reply === undefined) return true;
    if (reply.cause.type === 'farewell') return false;
    const answers = deliberate || reply.awaitsAnswer(now);
    if (!answers && isBackchannel(text, this.#language)) return false;
    this.#do(this.#mouth.interrupt(now));
    return true;
  }

  #typed(text: string, now: number): void {
    this.#phase = 'live';
    this.#commit(text, true, now);
  }

  #tick(now: number): void {
    this.#do(this.#ear.tick(now));
    const stalled = this.#turn !== undefined && now >= this.#turn.heardAt + TURN_STALL_MS;
    if (stalled || this.#ear.overdue(now)) this.#takeWordsSoFar(now);
    this.#do(this.#mouth.tick(now));
  }

  /** Ends the turn without a final transcript; one that comes later is late. */
  #takeWordsSoFar(now: number): void {
    const byHand = this.#ear.finalizing;
    this.#ear.settled();
    this.#committedMs = this.#ear.sentMs;
    if (this.#turn !== undefined) this.#commit(this.#turn.words, byHand, now);
  }

  #endAfterFarewell(): void {
    const outcome = this.#mouth.farewell;
    if (outcome !== undefined && this.#phase === 'live') this.#end('agent_ended', outcome);
  }

  #end(reason: EndReason, outcome?: string): void {
    this.#phase = 'ended';
    this.#do([
      send('voicechat.call.ended', {
        reason,
        ...(outcome === undefined ? {} : { outcome }),
        latency: { turns: 0 },
      }),
      { type: 'call.close', reason },
    ]);
  }

  #announceState(): void {
    if (this.#phase !== 'live') return;
    const state = this.#mouth.doing ?? 'listening';
    if (state === this.#state) return;
    this.#state = state;
    this.#do([send('voicechat.state', { state })]);
  }

  #do(commands: readonly Command[]): void {
    this.#out.push(...commands);
  }
}
