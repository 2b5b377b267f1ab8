import { earliest } from './deadline.ts';
import { type Command, type Failure, type Message, send } from './events.ts';
import { Ladder } from './ladder.ts';
import { Outflow } from './outflow.ts';
import type { Lines, RivalPlan } from './plan.ts';
import type { Runner } from './race.ts';
import type { ModelNews, Reply, ReplyNews } from './reply.ts';
import { Sentences } from './sentences.ts';
import { Trouble, type TroubleLines } from './trouble.ts';
import { isStaleVoice, Voicing } from './voicing.ts';
import { cancel, Wording } from './wording.ts';

/** An answer without any word. */
const NOTHING: Failure = { kind: 'truncated', retryable: true, detail: 'an empty reply' };

export type DeliveryLines = TroubleLines & Pick<Lines, 'filler' | 'goodbye' | 'voiceLost'>;

export interface DeliveryPlan {
  /** Rate of the synthesiser's audio, in Hz. */
  readonly voiceRate: number;
  /** How much audio the listener is given ahead of what it has played, in ms. */
  readonly audioAheadMs: number;
  readonly lines: DeliveryLines;
  /** Whether there is another voice to speak with. */
  readonly otherVoice: boolean;
  readonly rival: RivalPlan;
  readonly messages: () => readonly Message[];
  readonly goOnNote: string;
}

/**
 * Brings replies to the caller: model text becomes pieces, pieces become audio, and what fails on the way is gone
 * around. A reply that is finished here, or given up, has the stage `over`.
 */
export class Delivery {
  readonly #plan: DeliveryPlan;
  readonly #outflow: Outflow;
  readonly #wording: Wording;
  readonly #voicing: Voicing;
  readonly #trouble: Trouble;

  constructor(plan: DeliveryPlan) {
    this.#plan = plan;
    this.#wording = new Wording(plan);
    this.#outflow = new Outflow(plan.voiceRate, plan.audioAheadMs);
    this.#voicing = new Voicing(this.#outflow, plan.lines, new Ladder(plan.otherVoice));
    this.#trouble = new Trouble(plan.lines);
  }

  /** A number no reply had before. */
  number(): number {
    return this.#wording.number();
  }

  /** A fixed line can be spoken at once. */
  ready(text: string): void {
    this.#voicing.ready(text);
  }

  ask(reply: Reply, messages: readonly Message[], now: number): readonly Command[] {
    reply.route = this.#voicing.route(now);
    return [this.#wording.ask(reply, messages, now)];
  }

  /** Has a fixed line said. */
  recite(reply: Reply, text: string, now: number): readonly Command[] {
    reply.modelDone = true;
    reply.race.ends();
    this.#voicing.takesPhraseRoute(reply, text, now);
    return [...this.#voicing.say(reply, [text], now), ...this.#voicing.conclude(reply, now)];
  }

  /** Has a fixed line precede what the reply says. */
  introduce(reply: Reply, line: string, now: number): readonly Command[] {
    reply.route = this.#voicing.route(now);
    return this.#voicing.introduce(reply, line);
  }

  /** Has words said that were said before, whoever they came from. */
  repeat(reply: Reply, text: string, now: number): readonly Command[] {
    if (this.#voicing.isReady(text)) return this.recite(reply, text, now);
    reply.modelDone = true;
    reply.race.ends();
    const sentences = new Sentences();
    const pieces = [...sentences.push(text), ...sentences.flush()];
    return [...this.#voicing.say(reply, pieces, now), ...this.#voicing.conclude(reply, now)];
  }

  /** Sends again what the caller's client has not got of a reply that sounds. */
  again(reply: Reply, receivedMs: number, now: number): readonly Command[] {
    return this.#outflow.again(reply, receivedMs, now);
  }

  /** Lets through what was withheld. */
  release(reply: Reply, now: number): readonly Command[] {
    if (reply.modelSpoke || reply.ending !== undefined) this.#trouble.passes();
    return this.#voicing.release(reply, now);
  }

  /** Takes news of a model or the synthesiser about a reply that is not over. */
  news(reply: Reply, event: ReplyNews, now: number): readonly Command[] {
    if ('ask' in event) return this.#modelNews(reply, event, now);
    if (isStaleVoice(reply, event)) return [];
    reply.progressAt = now;
    if (event.type === 'voice.failed') return this.#voiceFailed(reply, event.failure, now);
    return this.#voicing.news(reply, event, now);
  }

  /** When the words so far must be spoken, whatever comes after them; undefined while there are none, or no hurry. */
  hurryAt(reply: Reply): number | undefined {
    return this.#wording.hurryAt(reply);
  }

  hurry(reply: Reply, now: number): readonly Command[] {
    const runner = this.#wording.hurried(reply, now);
    return runner === undefined ? [] : this.#says(reply, runner, runner.hurry(), now);
  }

  /** When the second model is asked as well; undefined while the first is in no such need. */
  rivalAt(reply: Reply): number | undefined {
    return this.#wording.rivalAt(reply);
  }

  /** The isolate was late: what the first model has sent may be so, too. */
  excuse(reply: Reply, now: number): void {
    this.#wording.excuse(reply, now);
  }

  rival(reply: Reply, now: number): readonly Command[] {
    return this.#wording.rival(reply, now);
  }

  /** When more of the reply may be sent, or has to be synthesised. */
  goesOnAt(reply: Reply): number | undefined {
    return earliest(this.#outflow.flowAt(reply), this.#voicing.sayAt(reply));
  }

  /** Sends the audio that the listener may have by now, and has the next of it synthesised. */
  goOn(reply: Reply, now: number): readonly Command[] {
    return [...this.#voicing.sayMore(reply, now), ...this.#outflow.flow(reply, now)];
  }

  /** Whether the filler could still be the next thing that sounds. */
  canFill(reply: Reply): boolean {
    return this.#voicing.canFill(reply);
  }

  /** Bridges a long wait for the first words. */
  fill(reply: Reply): readonly Command[] {
    return this.#voicing.fill(reply);
  }

  /** There was no news of the reply for too long. */
  stalled(reply: Reply, now: number): readonly Command[] {
    reply.progressAt = now;
    const failure: Failure = { kind: 'stalled', retryable: false, detail: 'no news of the reply' };
    if (reply.modelDone) return this.#voiceFailed(reply, failure, now);
    return reply.race.running.flatMap((runner) => this.#requestFailed(reply, runner, failure, now));
  }

  /** Has models and synthesiser forget the reply. */
  cancel(reply: Reply): readonly Command[] {
    return [...reply.race.running.map(cancel), { type: 'voice.cancel', reply: reply.number }];
  }

  #modelNews(reply: Reply, event: ModelNews, now: number): readonly Command[] {
    const runner = reply.race.find(event.ask);
    if (runner === undefined) return [];
    reply.progressAt = now;
    switch (event.type) {
      case 'model.text':
        return this.#modelText(reply, runner, event.text, now);
      case 'model.end-call':
        runner.outcome = event.outcome;
        return [];
      case 'model.done':
        return this.#modelDone(reply, runner, event.cut ? runner.breakOff() : runner.finish(), now);
      case 'model.failed':
        return this.#requestFailed(reply, runner, event.failure, now);
      default:
        return event satisfies never;
    }
  }

  #modelText(reply: Reply, runner: Runner, text: string, now: number): readonly Command[] {
    reply.tokens++;
    const said = this.#says(reply, runner, runner.takes(text, now), now);
    const hurryAt = this.hurryAt(reply);
    return hurryAt !== undefined && now >= hurryAt ? [...said, ...this.hurry(reply, now)] : said;
  }

  #says(reply: Reply, runner: Runner, pieces: readonly string[], now: number): readonly Command[] {
    if (pieces.length === 0) return [];
    reply.modelSpoke = true;
    if (reply.speculation === undefined) this.#trouble.passes();
    const lost = this.#wording.wins(reply, runner, pieces);
    return [...this.#voicing.say(reply, pieces, now), ...lost];
  }

  /** An answer is over; `rest` are the pieces of it that were not said. */
  #modelDone(reply: Reply, runner: Runner, rest: readonly string[], now: number): readonly Command[] {
    const said = this.#says(reply, runner, rest, now);
    const { outcome } = runner;
    if (!reply.modelSpoke && outcome === undefined) return this.#requestFailed(reply, runner, NOTHING, now);
    if (outcome !== undefined) reply.ending = { reason: 'agent_ended', outcome };
    if (!reply.modelSpoke) {
      if (reply.speculation === undefined) this.#trouble.passes();
      const lost = this.#wording.wins(reply, runner, []);
      return [...lost, ...this.recite(reply, this.#plan.lines.goodbye, now)];
    }
    return [...said, ...this.#conclude(reply, now)];
  }

  /** Another request goes on in its place, or is made; when there is none, what was said must do, or a fixed line. */
  #requestFailed(reply: Reply, runner: Runner, failure: Failure, now: number): readonly Command[] {
    const others = reply.race.running.length > 1;
    const stop = this.#wording.failed(reply, runner, failure);
    if (others) return [stop];
    if (reply.speculation !== undefined) return [stop, ...this.#giveUp(reply)];
    if (reply.modelSpoke) return [stop, ...this.#brokeOff(reply, runner, failure, now)];
    const again = this.#wording.retry(reply, runner, failure, now);
    return again === undefined ? [stop, ...this.#ownsUp(reply, failure, now)] : [stop, again];
  }

  /** What is whole of it is said, and the rest is asked for. */
  #brokeOff(reply: Reply, runner: Runner, failure: Failure, now: number): readonly Command[] {
    const whole = this.#says(reply, runner, runner.breakOff(), now);
    reply.race.ends();
    const rest = this.#wording.goOn(reply, runner, failure, now);
    return rest === undefined ? [told(failure), ...whole, ...this.#conclude(reply, now)] : [...whole, rest];
  }

  /** There is no answer, and the agent says so. */
  #ownsUp(reply: Reply, failure: Failure, now: number): readonly Command[] {
    const { text, ending } = this.#trouble.again();
    reply.ending = ending;
    return [told(failure), ...this.recite(reply, text, now)];
  }

  #conclude(reply: Reply, now: number): readonly Command[] {
    reply.modelDone = true;
    reply.race.ends();
    return this.#voicing.conclude(reply, now);
  }

  #voiceFailed(reply: Reply, failure: Failure, now: number): readonly Command[] {
    return reply.speculation === undefined ? this.#voicing.failed(reply, failure, now) : this.#giveUp(reply);
  }

  /** A reply that may never be wanted is not worth mending. */
  #giveUp(reply: Reply): readonly Command[] {
    reply.stage = 'over';
    return this.cancel(reply);
  }
}

function told(failure: Failure): Command {
  return send('voicechat.error', {
    code: 'model_unavailable',
    message: 'The language model did not finish its answer.',
    retryable: failure.retryable,
  });
}
