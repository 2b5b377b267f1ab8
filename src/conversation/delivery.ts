import { earliest } from './deadline.ts';
import { type Command, type Failure, type Message, send } from './events.ts';
import { Outflow } from './outflow.ts';
import type { Lines } from './plan.ts';
import type { Reply, ReplyNews } from './reply.ts';
import { isStaleVoice, Voicing } from './voicing.ts';

/** How often the model is asked for one reply before the agent apologises. */
const MODEL_ATTEMPTS = 2;
/** How long words may wait for a clause mark before the first of them are spoken, in ms. */
const FIRST_CLAUSE_MS = 70;
/** When the audio that was sent lasts only this long, an unfinished sentence is cut, in ms: the synthesiser needs about half of it. */
const RUNNING_DRY_MS = 400;

export interface DeliveryPlan {
  /** Rate of the synthesiser's audio, in Hz. */
  readonly voiceRate: number;
  /** How much audio the listener is given ahead of what it has played, in ms. */
  readonly audioAheadMs: number;
  readonly lines: Pick<Lines, 'apology' | 'filler' | 'goodbye'>;
  readonly messages: () => readonly Message[];
}

/**
 * Brings replies to the caller: model text becomes pieces, pieces become audio, and what fails on the way is gone
 * around. A reply that is finished here, or given up, has the stage `over`.
 */
export class Delivery {
  readonly #plan: DeliveryPlan;
  readonly #outflow: Outflow;
  readonly #voicing: Voicing;
  #numbers = 0;

  constructor(plan: DeliveryPlan) {
    this.#plan = plan;
    this.#outflow = new Outflow(plan.voiceRate, plan.audioAheadMs);
    this.#voicing = new Voicing(this.#outflow, plan.lines.filler);
  }

  /** A number no reply had before. */
  number(): number {
    return ++this.#numbers;
  }

  /** A fixed line can be spoken at once. */
  ready(text: string): void {
    this.#voicing.ready(text);
  }

  ask(reply: Reply, messages: readonly Message[], now: number): readonly Command[] {
    reply.route = this.#voicing.route(now);
    return [{ type: 'model.ask', reply: reply.number, messages }];
  }

  /** Has a fixed line said. */
  recite(reply: Reply, text: string, now: number): readonly Command[] {
    reply.modelDone = true;
    reply.sentences.discard();
    this.#voicing.takesPhraseRoute(reply);
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
    const pieces = [...reply.sentences.push(text), ...reply.sentences.flush()];
    return [...this.#voicing.say(reply, pieces, now), ...this.#voicing.conclude(reply, now)];
  }

  /** Sends again what the caller's client has not got of a reply that sounds. */
  again(reply: Reply, receivedMs: number, now: number): readonly Command[] {
    return this.#outflow.again(reply, receivedMs, now);
  }

  /** Lets through what was withheld. */
  release(reply: Reply, now: number): readonly Command[] {
    return this.#voicing.release(reply, now);
  }

  /** Takes news of the model or the synthesiser about a reply that is not over. */
  news(reply: Reply, event: ReplyNews, now: number): readonly Command[] {
    if (isStale(reply, event)) return [];
    reply.progressAt = now;
    switch (event.type) {
      case 'model.text':
        return this.#modelText(reply, event.text, now);
      case 'model.end-call':
        reply.ending = { reason: 'agent_ended', outcome: event.outcome };
        return [];
      case 'model.done':
        return this.#modelDone(reply, now);
      case 'model.failed':
        return this.#modelFailed(reply, event.failure, now);
      case 'voice.failed':
        return this.#voiceFailed(reply, event.failure, now);
      case 'voice.audio':
      case 'voice.done':
        return this.#voicing.news(reply, event, now);
      default:
        return event satisfies never;
    }
  }

  /** When the words so far must be spoken, whatever comes after them; undefined while there are none, or no hurry. */
  hurryAt(reply: Reply): number | undefined {
    if (reply.modelDone || !reply.sentences.canHurry) return undefined;
    if (!reply.modelSpoke) return (reply.firstTokenAt ?? 0) + FIRST_CLAUSE_MS;
    const dry = reply.stage === 'sounding' && reply.spoken.voicedAll && !reply.withheld;
    return dry ? reply.soundsUntil - RUNNING_DRY_MS : undefined;
  }

  hurry(reply: Reply, now: number): readonly Command[] {
    return this.#modelSays(reply, reply.sentences.hurry(), now);
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
    return reply.modelDone ? this.#voiceFailed(reply, failure, now) : this.#modelFailed(reply, failure, now);
  }

  /** Has model and synthesiser forget the reply. */
  cancel(reply: Reply): readonly Command[] {
    const voice: Command = { type: 'voice.cancel', reply: reply.number };
    return reply.modelDone ? [voice] : [{ type: 'model.cancel', reply: reply.number }, voice];
  }

  #modelText(reply: Reply, text: string, now: number): readonly Command[] {
    reply.firstTokenAt ??= now;
    reply.tokens++;
    const said = this.#modelSays(reply, reply.sentences.push(text), now);
    const hurryAt = this.hurryAt(reply);
    return hurryAt !== undefined && now >= hurryAt ? [...said, ...this.hurry(reply, now)] : said;
  }

  #modelSays(reply: Reply, pieces: readonly string[], now: number): readonly Command[] {
    if (pieces.length > 0) reply.modelSpoke = true;
    return this.#voicing.say(reply, pieces, now);
  }

  #modelDone(reply: Reply, now: number): readonly Command[] {
    const rest = this.#modelSays(reply, reply.sentences.flush(), now);
    if (!reply.modelSpoke && reply.ending !== undefined)
      return this.recite(reply, this.#plan.lines.goodbye, now);
    if (!reply.modelSpoke) {
      return this.#modelFailed(reply, { kind: 'truncated', retryable: true, detail: 'an empty reply' }, now);
    }
    reply.modelDone = true;
    return [...rest, ...this.#voicing.conclude(reply, now)];
  }

  /** Asks once more while nothing was said; else apologises, or lets the words that were said stand. */
  #modelFailed(reply: Reply, failure: Failure, now: number): readonly Command[] {
    if (reply.speculation !== undefined) return this.#giveUp(reply);
    const cancel: Command = { type: 'model.cancel', reply: reply.number };
    if (!reply.modelSpoke && failure.retryable && reply.attempts < MODEL_ATTEMPTS) {
      return [cancel, this.#askAgain(reply)];
    }
    const told = send('voicechat.error', {
      code: 'model_unavailable',
      message: 'The language model did not finish its answer.',
      retryable: failure.retryable,
    });
    if (!reply.modelSpoke) return [cancel, told, ...this.recite(reply, this.#plan.lines.apology, now)];
    const rest = this.#modelSays(reply, reply.sentences.breakOff(), now);
    reply.modelDone = true;
    return [cancel, told, ...rest, ...this.#voicing.conclude(reply, now)];
  }

  /** The voice of a filler has the number the reply began with, which then stays its own. */
  #askAgain(reply: Reply): Command {
    reply.attempts++;
    reply.ending = undefined;
    reply.sentences.discard();
    if (!reply.filled) reply.number = this.number();
    return { type: 'model.ask', reply: reply.number, messages: this.#plan.messages() };
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

/** News that a provider owes nobody any more: of a model that was done with, or of a reply that was sent. */
function isStale(reply: Reply, event: ReplyNews): boolean {
  switch (event.type) {
    case 'model.text':
    case 'model.end-call':
    case 'model.done':
    case 'model.failed':
      return reply.stage === 'tail' || reply.modelDone;
    default:
      return isStaleVoice(reply, event);
  }
}
