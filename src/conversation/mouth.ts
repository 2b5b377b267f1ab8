import type { SoundVerdict, TurnMetrics } from '../protocol/replies.ts';
import { earliest } from './deadline.ts';
import { Delivery, type DeliveryLines } from './delivery.ts';
import { type Command, type Message, send } from './events.ts';
import { metricsOf } from './metrics.ts';
import type { RivalPlan } from './plan.ts';
import { type Ending, Reply, type ReplyCause, type ReplyNews, type TurnFacts } from './reply.ts';
import { sameWords } from './turn.ts';

/** A reply with no news of any kind for this long is given up, in ms. Longer than every watchdog of the providers. */
const REPLY_PATIENCE_MS = 12_000;
/** How long a listener that reports its playback may be behind the estimate when the audio should be over, in ms. */
const REPORT_GRACE_MS = 1000;
/** A sound of the caller that has brought no words for this long was none that matters, in ms. */
export const VERDICT_MS = 700;
/** When nothing has sounded for this long after the end of a turn, the agent fills the silence, in ms. */
const FILLER_MS = 1200;
/** After so many sounds that were nothing, a sound without words does not pause the agent. */
const FALSE_ALARMS = 2;
/** A caller who goes on so soon after the agent began had not finished, in ms. */
const MERGE_MS = 300;

export interface MouthPlan {
  readonly voiceRate: number;
  /** How much audio the listener is given ahead of what it has played, in ms. */
  readonly audioAheadMs: number;
  readonly lines: DeliveryLines;
  readonly otherVoice: boolean;
  readonly rival: RivalPlan;
  readonly goOnNote: string;
  readonly mintId: () => string;
  /** What the model is to read; `pending` are words of the caller that are not remembered yet. */
  readonly messages: (pending?: string) => readonly Message[];
  /** A reply is over; `heard` are the words of it that sounded. */
  readonly over: (heard: string, interrupted: boolean, metrics: TurnMetrics) => void;
  /** These are the words that sounded of the interrupted reply that was over last. */
  readonly corrected: (heard: string, interrupted: boolean) => void;
}

/** The agent's side of the call: at most one reply at a time, from the model's first word to the last sound. */
export class Mouth {
  readonly #plan: MouthPlan;
  readonly #delivery: Delivery;
  #reply: Reply | undefined;
  /** The reply that was interrupted last, until the listener tells where, or another reply is over. */
  #stopped: Reply | undefined;
  #ended: Ending | undefined;
  #lastSaid: { readonly text: string; readonly at: number } | undefined;
  /** Sounds that paused the agent and were nothing; more than allowed, and only words pause it. */
  #falseAlarms = 0;
  /** Tokens thrown away since the last reply that was wanted. */
  #wastedTokens = 0;

  constructor(plan: MouthPlan) {
    this.#plan = plan;
    this.#delivery = new Delivery(plan);
  }

  /** The reply that has the floor: it is being prepared for a turn that is over, or sounds. */
  get reply(): Reply | undefined {
    return this.#reply?.speculation === undefined ? this.#reply : undefined;
  }

  /** How the call is to end, once the words before its end have been heard. */
  get ended(): Ending | undefined {
    return this.#ended;
  }

  /** True while there is any reply, or one was begun on words that may not be the whole turn. */
  get busy(): boolean {
    return this.#reply !== undefined;
  }

  /** What the caller heard of the last reply that is over, and when that was. */
  get lastSaid(): { readonly text: string; readonly at: number } | undefined {
    return this.#lastSaid;
  }

  /** The question that the agent's last words were, or '' when they were none. */
  get asked(): string {
    return /[^.!?]*\?\s*$/.exec(this.#lastSaid?.text ?? '')?.[0].trim() ?? '';
  }

  get doing(): 'thinking' | 'speaking' | undefined {
    const { reply } = this;
    if (reply === undefined) return undefined;
    return reply.stage === 'thinking' ? 'thinking' : 'speaking';
  }

  get deadline(): number | undefined {
    const reply = this.#reply;
    if (reply === undefined) return undefined;
    const verdict = reply.pausedAt === undefined ? undefined : reply.pausedAt + VERDICT_MS;
    if (reply.stage === 'tail') return verdict ?? tailEnd(reply);
    const patience = reply.progressAt + REPLY_PATIENCE_MS;
    const delivery = earliest(
      this.#delivery.goesOnAt(reply),
      this.#delivery.hurryAt(reply),
      this.#delivery.rivalAt(reply),
    );
    return earliest(verdict, patience, delivery, this.#fillAt(reply));
  }

  /** Begins a reply to words that may not be the whole turn; nothing of it is sent before they are. */
  speculate(words: string, cause: ReplyCause, now: number): readonly Command[] {
    const reply = this.#begin(cause, now);
    reply.speculation = words;
    return this.#delivery.ask(reply, this.#plan.messages(words), now);
  }

  /** True when a reply was begun on other words than these. */
  speculatesOther(words: string): boolean {
    const begun = this.#reply?.speculation;
    return begun !== undefined && !sameWords(begun, words);
  }

  /** True when a reply was begun on these words. */
  speculates(words: string): boolean {
    const begun = this.#reply?.speculation;
    return begun !== undefined && sameWords(begun, words);
  }

  /** Answers a turn that is over: with the reply that was begun on its words, or a new one. */
  answer(words: string, cause: ReplyCause, turn: TurnFacts, now: number): readonly Command[] {
    if (this.#reply !== undefined && this.speculates(words))
      return this.#release(this.#reply, cause, turn, now);
    const dropped = this.drop();
    const reply = this.#begin(cause, now);
    this.#attribute(reply, turn);
    return [...dropped, ...this.#delivery.ask(reply, this.#plan.messages(), now)];
  }

  /** Says a fixed line; the model is not asked. The call ends after it if it has an `ending`. */
  line(text: string, cause: ReplyCause, now: number, ending?: Ending, turn?: TurnFacts): readonly Command[] {
    const dropped = this.drop();
    const reply = this.#begin(cause, now);
    reply.ending = ending;
    if (turn !== undefined) this.#attribute(reply, turn);
    return [...dropped, ...this.#settled(reply, this.#delivery.recite(reply, text, now), now)];
  }

  /** A fixed line can be spoken at once. */
  ready(text: string): void {
    this.#delivery.ready(text);
  }

  /** Forgets a reply that was begun too soon. */
  drop(): readonly Command[] {
    const reply = this.#reply;
    if (reply?.speculation === undefined) return [];
    return this.#forget(reply);
  }

  /** Stops the reply at what has been heard of it. */
  interrupt(now: number): readonly Command[] {
    const { reply } = this;
    if (reply === undefined) return [];
    this.#soundWasSpeech();
    if (reply.stage === 'thinking') return this.#forget(reply);
    const { utteranceId, pausedAt } = reply;
    reply.verdict = { is: 'interruption', afterMs: now - (pausedAt ?? now) };
    const cancel = this.#delivery.cancel(reply);
    const stop = send('voicechat.response.interrupt', { utteranceId, timestamp: now });
    // The metrics go first: after a stop nothing that names the utterance is sent.
    return [...this.#over(reply, true, now), stop, ...cancel];
  }

  /** The caller made a sound: the reply waits until it is known what it was. */
  pause(cue: 'sound' | 'words', now: number): readonly Command[] {
    const { reply } = this;
    if (cue === 'sound' && this.#falseAlarms >= FALSE_ALARMS) return [];
    if (reply === undefined || reply.pausedAt !== undefined || reply.route === 'none') return [];
    reply.pausedAt = now;
    if (reply.stage === 'thinking') return [];
    reply.pauses++;
    reply.playback.pause(now);
    return [send('voicechat.response.pause', { utteranceId: reply.utteranceId })];
  }

  /** The sound was none that matters: the reply goes on where it was paused. */
  resume(verdict: SoundVerdict, now: number): readonly Command[] {
    const { reply } = this;
    if (verdict === 'backchannel') this.#soundWasSpeech();
    if (reply?.pausedAt === undefined) return [];
    if (verdict === 'noise' || verdict === 'echo') this.#falseAlarms++;
    const { pausedAt, utteranceId } = reply;
    reply.pausedAt = undefined;
    if (reply.stage === 'thinking') return this.#settled(reply, this.#delivery.release(reply, now), now);
    reply.verdict = { is: verdict, afterMs: now - pausedAt };
    reply.playback.resume(now);
    const resume = send('voicechat.response.resume', { utteranceId });
    return this.#hasSounded(reply) ? [resume, ...this.#over(reply, false, now)] : [resume];
  }

  /** True while a caller who speaks had not finished the turn that is being answered. */
  answersTooSoon(now: number): boolean {
    const { reply } = this;
    if (reply?.cause.type !== 'turn') return false;
    return reply.firstAudioAt === undefined || now - reply.firstAudioAt <= MERGE_MS;
  }

  playback(
    report: { utteranceId: string; playedMs: number; ended: boolean },
    now: number,
  ): readonly Command[] {
    const reply = this.#reply;
    if (this.#stopped?.utteranceId === report.utteranceId) this.#correct(this.#stopped, report, now);
    if (reply === undefined || report.utteranceId !== reply.utteranceId) return [];
    reply.playback.reported(report.playedMs, report.ended, now);
    if (this.#hasSounded(reply)) return this.#over(reply, false, now);
    return this.#settled(reply, this.#delivery.goOn(reply, now), now);
  }

  /** Takes news of the model or the synthesiser; what belongs to no living reply yields nothing. */
  news(event: ReplyNews, now: number): readonly Command[] {
    const reply = this.#reply;
    if (reply === undefined || !reply.owns(event)) return [];
    return this.#settled(reply, this.#delivery.news(reply, event, now), now);
  }

  /** What has become due; `heardNothing` tells that a pause was for nothing. */
  tick(now: number): readonly Command[] {
    const reply = this.#reply;
    if (reply === undefined) return [];
    if (reply.pausedAt !== undefined && now >= reply.pausedAt + VERDICT_MS) return this.resume('noise', now);
    if (reply.stage === 'tail') {
      return reply.pausedAt === undefined && now >= tailEnd(reply) ? this.#over(reply, false, now) : [];
    }
    return this.#settled(reply, this.#due(reply, now), now);
  }

  #soundWasSpeech(): void {
    this.#falseAlarms = Math.max(0, this.#falseAlarms - 1);
  }

  /** The listener tells where it stopped: that is what was heard. */
  #correct(reply: Reply, { playedMs, ended }: { playedMs: number; ended: boolean }, now: number): void {
    if (!ended) return;
    this.#stopped = undefined;
    reply.playback.reported(playedMs, ended, now);
    const heard = reply.heard(now);
    this.#plan.corrected(heard, isCut(reply, heard, true));
  }

  /** The listener says that all of it has sounded. One that is paused cannot know. */
  #hasSounded(reply: Reply): boolean {
    return reply.stage === 'tail' && reply.pausedAt === undefined && reply.playback.ended;
  }

  #due(reply: Reply, now: number): readonly Command[] {
    const isDue = (at: number | undefined) => at !== undefined && now >= at;
    const rival = isDue(this.#delivery.rivalAt(reply)) ? this.#delivery.rival(reply, now) : [];
    if (isDue(this.#delivery.goesOnAt(reply))) return [...rival, ...this.#delivery.goOn(reply, now)];
    if (isDue(this.#fillAt(reply))) return [...rival, ...this.#delivery.fill(reply)];
    if (isDue(this.#delivery.hurryAt(reply))) return [...rival, ...this.#delivery.hurry(reply, now)];
    return isDue(reply.progressAt + REPLY_PATIENCE_MS) ? this.#delivery.stalled(reply, now) : rival;
  }

  #fillAt(reply: Reply): number | undefined {
    const isLine = reply.modelDone && !reply.modelSpoke;
    const wanted = reply.cause.type === 'turn' && !isLine && !reply.withheld;
    return wanted && this.#delivery.canFill(reply) ? reply.wantedAt + FILLER_MS : undefined;
  }

  #begin(cause: ReplyCause, now: number): Reply {
    const reply = new Reply(this.#delivery.number(), this.#plan.mintId(), cause, this.#plan.voiceRate, now);
    this.#reply = reply;
    return reply;
  }

  #attribute(reply: Reply, turn: TurnFacts): void {
    reply.turn = { ...turn, wastedTokens: this.#wastedTokens };
    this.#wastedTokens = 0;
  }

  #release(reply: Reply, cause: ReplyCause, turn: TurnFacts, now: number): readonly Command[] {
    reply.speculation = undefined;
    reply.cause = cause;
    reply.wantedAt = now;
    reply.progressAt = now;
    this.#attribute(reply, { ...turn, speculation: 'hit' });
    return this.#settled(reply, this.#delivery.release(reply, now), now);
  }

  /** Commands of a reply, and what follows when they were its last. */
  #settled(reply: Reply, commands: readonly Command[], now: number): readonly Command[] {
    if (reply.stage !== 'over' || this.#reply !== reply) return commands;
    // A client that was told to pause must not wait for ever.
    const resume = reply.playback.paused ? this.resume('noise', now) : [];
    if (reply.speculation === undefined) return [...commands, ...resume, ...this.#over(reply, false, now)];
    this.#wastedTokens += reply.tokens;
    this.#reply = undefined;
    return commands;
  }

  #forget(reply: Reply): readonly Command[] {
    this.#wastedTokens += reply.tokens;
    this.#reply = undefined;
    return this.#delivery.cancel(reply);
  }

  #over(reply: Reply, interrupted: boolean, now: number): readonly Command[] {
    const heard = interrupted || reply.playback.hasReports ? reply.heard(now) : reply.spoken.text;
    const cut = isCut(reply, heard, interrupted);
    const metrics = metricsOf(reply, interrupted, now);
    this.#reply = undefined;
    this.#stopped = interrupted ? reply : undefined;
    if (!interrupted) this.#ended = reply.ending;
    this.#lastSaid = { text: heard, at: now };
    this.#plan.over(heard, cut, metrics);
    return [send('voicechat.turn.metrics', metrics)];
  }
}

function isCut(reply: Reply, heard: string, interrupted: boolean): boolean {
  return heard !== reply.spoken.text || (interrupted && !reply.modelDone);
}

function tailEnd(reply: Reply): number {
  const { playback, overBy } = reply;
  return Math.min(playback.endsAt + (playback.hasReports ? REPORT_GRACE_MS : 0), overBy);
}
