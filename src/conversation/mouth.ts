import type { SoundVerdict } from '../protocol/replies.ts';
import type { Return } from './absence.ts';
import { earliest } from './deadline.ts';
import { Delivery } from './delivery.ts';
import { type Command, catchUp, send } from './events.ts';
import type { Memory } from './memory.ts';
import { metricsOf } from './metrics.ts';
import type { MouthPlan } from './plan.ts';
import { type Ending, Reply, type ReplyCause, type ReplyNews, type TurnFacts } from './reply.ts';
import { courseOf } from './return.ts';
import { Trust } from './trust.ts';
import { sameWords } from './turn.ts';

/** A reply with no news of any kind for this long is given up, in ms. Longer than every watchdog of the providers. */
const REPLY_PATIENCE_MS = 12_000;
/** A sound of the caller that has brought no words for this long was none that matters, in ms. */
export const VERDICT_MS = 700;
/** When nothing has sounded for this long after the end of a turn, the agent fills the silence, in ms. */
const FILLER_MS = 1200;
/** A caller who goes on so soon after the agent began had not finished, in ms. */
const MERGE_MS = 300;

/** The agent's side of the call: at most one reply at a time, from the model's first word to the last sound. */
export class Mouth {
  readonly #plan: MouthPlan;
  readonly #delivery: Delivery;
  #reply: Reply | undefined;
  /** The reply that was interrupted last, until the listener tells where, or another reply is over. */
  #stopped: Reply | undefined;
  #ended: Ending | undefined;
  #lastSaid: { readonly text: string; readonly at: number } | undefined;
  readonly trust = new Trust();
  /** The next reply is to begin with a word about the break before it. */
  #introOwed = false;
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
    if (reply === undefined || reply.held) return undefined;
    const verdict = reply.pausedAt === undefined ? undefined : reply.pausedAt + VERDICT_MS;
    if (reply.stage === 'tail') return verdict ?? reply.tailEnd;
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
    return [
      ...dropped,
      ...this.#introduced(reply, now),
      ...this.#delivery.ask(reply, this.#plan.messages(), now),
    ];
  }

  /** Says a fixed line; the model is not asked. The call ends after it if it has an `ending`. */
  line(text: string, cause: ReplyCause, now: number, ending?: Ending, turn?: TurnFacts): readonly Command[] {
    const dropped = this.drop();
    const reply = this.#begin(cause, now);
    reply.ending = ending;
    if (turn !== undefined) this.#attribute(reply, turn);
    const intro = this.#introduced(reply, now);
    return [...dropped, ...intro, ...this.#settled(reply, this.#delivery.recite(reply, text, now), now)];
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
    this.trust.wasSpeech();
    if (reply.stage === 'thinking') return this.#forget(reply);
    reply.verdict = { is: 'interruption', afterMs: now - (reply.pausedAt ?? now) };
    return this.#stop(reply, now);
  }

  #stop(reply: Reply, now: number): readonly Command[] {
    const { utteranceId } = reply;
    const cancel = this.#delivery.cancel(reply);
    const stop = send('voicechat.response.interrupt', { utteranceId, timestamp: now });
    // The metrics go first: after a stop nothing that names the utterance is sent.
    return [...this.#over(reply, true, now), stop, ...cancel];
  }

  /** The caller made a sound: the reply waits until it is known what it was. */
  pause(cue: 'sound' | 'words', now: number): readonly Command[] {
    const { reply } = this;
    if (cue === 'sound' && this.trust.lost) return [];
    if (reply === undefined || reply.pausedAt !== undefined || reply.route === 'none') return [];
    if (reply.held) return [];
    reply.pausedAt = now;
    if (reply.stage === 'thinking') return [];
    reply.pauses++;
    reply.playback.pause(now);
    return [send('voicechat.response.pause', { utteranceId: reply.utteranceId })];
  }

  /** The sound was none that matters: the reply goes on where it was paused. */
  resume(verdict: SoundVerdict, now: number): readonly Command[] {
    const { reply } = this;
    if (verdict === 'backchannel') this.trust.wasSpeech();
    if (reply?.pausedAt === undefined) return [];
    if (verdict === 'noise' || verdict === 'echo') this.trust.wasNothing();
    const { pausedAt, utteranceId } = reply;
    reply.pausedAt = undefined;
    if (reply.stage === 'thinking') return this.#settled(reply, this.#delivery.release(reply, now), now);
    reply.verdict = { is: verdict, afterMs: now - pausedAt };
    reply.playback.resume(now);
    const resume = send('voicechat.response.resume', { utteranceId });
    return reply.hasSounded ? [resume, ...this.#over(reply, false, now)] : [resume];
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
    reply.sentAudio.heard(reply.playback.heardMs(now));
    if (reply.hasSounded) return this.#over(reply, false, now);
    return this.#settled(reply, this.#delivery.goOn(reply, now), now);
  }

  /** Takes news of the model or the synthesiser; what belongs to no living reply yields nothing. */
  news(event: ReplyNews, now: number): readonly Command[] {
    const reply = this.#reply;
    if (reply === undefined || !reply.owns(event)) return [];
    return this.#settled(reply, this.#delivery.news(reply, event, now), now);
  }

  /** What has become due. `late`: the isolate was kept from it. */
  tick(late: boolean, now: number): readonly Command[] {
    const reply = this.#reply;
    if (reply === undefined || reply.held) return [];
    if (reply.pausedAt !== undefined && now >= reply.pausedAt + VERDICT_MS) return this.resume('noise', now);
    if (reply.stage === 'tail') {
      return reply.pausedAt === undefined && now >= reply.tailEnd ? this.#over(reply, false, now) : [];
    }
    if (late) this.#delivery.excuse(reply, now);
    return this.#settled(reply, this.#due(reply, now), now);
  }

  /** The utterance of which it matters how much the caller has heard when he comes back; undefined if there is none. */
  get unsettled(): string | undefined {
    return this.#reply === undefined || this.#reply.stage === 'thinking'
      ? undefined
      : this.#reply.utteranceId;
  }

  /** The caller is gone: the reply is made ready, and nothing of it is sent. */
  hold(now: number): readonly Command[] {
    const dropped = this.drop();
    if (this.#reply !== undefined) this.#reply.held = true;
    this.#reply?.playback.lost(now);
    return dropped;
  }

  /** The caller is there again, and hears on: the same utterance, or what he has not heard of it in a new one. */
  regain(back: Return, now: number): readonly Command[] {
    const reply = this.#reply;
    if (reply === undefined) return [catchUp()];
    reply.held = false;
    reply.progressAt = now;
    reply.playback.found(now);
    if (reply.stage !== 'thinking') {
      const course = courseOf(reply, back, now);
      return course.is === 'go-on'
        ? this.#goOn(reply, course.receivedMs, now)
        : this.#sayRest(reply, course.unheard, now);
    }
    reply.wantedAt = now;
    reply.pausedAt = undefined;
    return [catchUp(), ...this.#settled(reply, this.#delivery.release(reply, now), now)];
  }

  /** Says words again that were not heard, after a line about the break. */
  repeat(text: string, cause: ReplyCause, ending: Ending | undefined, now: number): readonly Command[] {
    this.#introOwed = true;
    const reply = this.#begin(cause, now);
    reply.ending = ending;
    const intro = this.#introduced(reply, now);
    return [...intro, ...this.#settled(reply, this.#delivery.repeat(reply, text, now), now)];
  }

  /** Goes on from what is remembered of an object that died; the next reply begins with a line about the break. */
  remember({ falseAlarms, lastSaid }: Pick<Memory, 'falseAlarms' | 'lastSaid'>): void {
    this.trust.falseAlarms = falseAlarms;
    this.#lastSaid = lastSaid;
    this.#introOwed = true;
  }

  /** These words were the last of a reply that is over; the call ends if it has an `ending`. */
  hasSaid(heard: string, ending: Ending | undefined, now: number): void {
    this.#lastSaid = { text: heard, at: now };
    this.#ended = ending;
  }

  #goOn(reply: Reply, receivedMs: number | undefined, now: number): readonly Command[] {
    const again = receivedMs === undefined ? [] : this.#delivery.again(reply, receivedMs, now);
    const unfinished = reply.stage === 'tail' && again.length > 0 ? reply.utteranceId : undefined;
    const more = [...this.#delivery.release(reply, now), ...this.#delivery.goOn(reply, now)];
    const ready = [...this.#unpaused(reply, now), ...again, ...more];
    const released = [catchUp(unfinished), ...this.#settled(reply, ready, now)];
    const sounded = this.#reply === reply && reply.hasSounded;
    return sounded ? [...released, ...this.#over(reply, false, now)] : released;
  }

  #unpaused(reply: Reply, now: number): readonly Command[] {
    if (reply.pausedAt === undefined) return [];
    reply.pausedAt = undefined;
    reply.playback.resume(now);
    return [send('voicechat.response.resume', { utteranceId: reply.utteranceId })];
  }

  /** Gives the utterance up; what was not heard of it follows in a new one. */
  #sayRest(reply: Reply, unheard: string, now: number): readonly Command[] {
    const { cause, ending } = reply;
    if (unheard !== '')
      return [catchUp(), ...this.#stop(reply, now), ...this.repeat(unheard, cause, ending, now)];
    if (reply.stage === 'tail') return [catchUp(), ...this.#over(reply, false, now)];
    const stopped = this.#stop(reply, now);
    this.#ended = ending;
    return [catchUp(), ...stopped];
  }

  /** The first reply after a break tells why there was one. */
  #introduced(reply: Reply, now: number): readonly Command[] {
    if (!this.#introOwed) return [];
    this.#introOwed = false;
    return this.#delivery.introduce(reply, this.#plan.lines.backAgain, now);
  }

  /** The listener tells where it stopped: that is what was heard. */
  #correct(reply: Reply, { playedMs, ended }: { playedMs: number; ended: boolean }, now: number): void {
    if (!ended) return;
    this.#stopped = undefined;
    reply.playback.reported(playedMs, ended, now);
    const heard = reply.heard(now);
    this.#plan.corrected(heard, reply.isCut(heard, true));
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
    const cut = reply.isCut(heard, interrupted);
    const metrics = metricsOf(reply, interrupted, now);
    this.#reply = undefined;
    this.#stopped = interrupted ? reply : undefined;
    if (!interrupted) this.#ended = reply.ending;
    this.#lastSaid = { text: heard, at: now };
    this.#plan.over(heard, cut, metrics);
    return [send('voicechat.turn.metrics', metrics)];
  }
}
