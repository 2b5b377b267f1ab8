import { type Command, type Failure, type Message, send, type VoiceRoute } from './events.ts';
import type { Reply, ReplyNews, VoiceNews } from './reply.ts';

/** How often the model is asked for one reply before the agent apologises. */
const MODEL_ATTEMPTS = 2;
/** Failures that take a caller's time to find out. */
const SLOW_FAILURES: readonly Failure['kind'][] = ['timeout', 'unreachable', 'stalled'];
/** How long later replies avoid a socket that has failed so, in ms. */
const AVOID_SOCKET_MS = 30_000;
/** How long the listener's reports may put off the end of a reply, in ms. */
const REPORTS_MS = 10_000;
/** How long words may wait for a clause mark before the first of them are spoken, in ms. */
const FIRST_CLAUSE_MS = 70;
/** When the audio that was sent lasts only this long, an unfinished sentence is cut, in ms: the synthesiser needs about half of it. */
const RUNNING_DRY_MS = 400;
/** The longest `audio` of one response chunk, in bytes: below every frame limit a client may have. */
const CHUNK_BYTES = 16_000;

export interface DeliveryPlan {
  /** Rate of the synthesiser's audio, in Hz. */
  readonly voiceRate: number;
  readonly lines: { readonly apology: string; readonly filler: string; readonly goodbye: string };
  readonly messages: () => readonly Message[];
}

/**
 * Brings replies to the caller: model text becomes pieces, pieces become audio, and what fails on the way is gone
 * around. A reply that is finished here, or given up, has the stage `over`.
 */
export class Delivery {
  readonly #plan: DeliveryPlan;
  #numbers = 0;
  #avoidSocketUntil = 0;
  /** Fixed lines that sound at once. */
  readonly #ready = new Set<string>();

  constructor(plan: DeliveryPlan) {
    this.#plan = plan;
  }

  /** A number no reply had before. */
  number(): number {
    return ++this.#numbers;
  }

  /** A fixed line can be spoken at once. */
  ready(text: string): void {
    this.#ready.add(text);
  }

  ask(reply: Reply, messages: readonly Message[], now: number): readonly Command[] {
    reply.route = this.#route(now);
    return [{ type: 'model.ask', reply: reply.number, messages }];
  }

  /** Has a fixed line said. */
  recite(reply: Reply, text: string, now: number): readonly Command[] {
    reply.modelDone = true;
    reply.sentences.discard();
    // A phrase would overtake a filler that went to the synthesiser and has not sounded yet.
    const waits = !reply.spoken.empty && !this.#ready.has(this.#plan.lines.filler);
    if (reply.route !== 'none' && !waits) reply.route = 'phrase';
    return [...this.#say(reply, [text]), ...this.#conclude(reply, now)];
  }

  /** Lets through what was withheld. */
  release(reply: Reply, now: number): readonly Command[] {
    const held = reply.backlog.splice(0).flatMap((event) => this.news(reply, event, now));
    if (reply.showOwed) return [...held, ...this.#showOnly(reply, now)];
    const unsaid = reply.unsaid.splice(0).flatMap((text) => this.#order(reply, text));
    return [...held, ...unsaid, ...(reply.finishOwed ? this.#finish(reply) : [])];
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
        if (!reply.withheld) return this.#voiceNews(reply, event, now);
        reply.backlog.push(event);
        return [];
      default:
        return event satisfies never;
    }
  }

  /** When the words so far must be spoken, whatever comes after them; undefined while there are none, or no hurry. */
  hurryAt(reply: Reply): number | undefined {
    if (reply.modelDone || !reply.sentences.canHurry) return undefined;
    if (!reply.modelSpoke) return (reply.firstTokenAt ?? 0) + FIRST_CLAUSE_MS;
    const dry = reply.stage === 'sounding' && reply.spoken.voicedAll && !reply.withheld;
    return dry ? reply.playback.endsAt - RUNNING_DRY_MS : undefined;
  }

  hurry(reply: Reply): readonly Command[] {
    return this.#modelSays(reply, reply.sentences.hurry());
  }

  /** Whether the filler could still be the next thing that sounds. */
  canFill(reply: Reply): boolean {
    const speechless =
      reply.stage === 'thinking' && reply.route !== 'none' && !reply.spoken.begun && !reply.filled;
    return speechless && (reply.spoken.empty || this.#ready.has(this.#plan.lines.filler));
  }

  /** Bridges a long wait for the first words, which the filler precedes. */
  fill(reply: Reply): readonly Command[] {
    const { filler } = this.#plan.lines;
    reply.filled = true;
    reply.spoken.precede(filler);
    const route = this.#ready.has(filler) ? 'phrase' : reply.route;
    return this.#order(reply, filler, route);
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

  #route(now: number): VoiceRoute {
    return now < this.#avoidSocketUntil ? 'http' : 'socket';
  }

  #modelText(reply: Reply, text: string, now: number): readonly Command[] {
    reply.firstTokenAt ??= now;
    reply.tokens++;
    const said = this.#modelSays(reply, reply.sentences.push(text));
    const hurryAt = this.hurryAt(reply);
    return hurryAt !== undefined && now >= hurryAt ? [...said, ...this.hurry(reply)] : said;
  }

  #modelSays(reply: Reply, pieces: readonly string[]): readonly Command[] {
    if (pieces.length > 0) reply.modelSpoke = true;
    return this.#say(reply, pieces);
  }

  /** Before the turn is over only the first piece is synthesised: the rest may never be wanted. */
  #say(reply: Reply, pieces: readonly string[]): readonly Command[] {
    return pieces.flatMap((piece) => {
      const wait = reply.speculation !== undefined && !reply.spoken.empty;
      reply.spoken.say(piece);
      if (!wait) return this.#order(reply, piece);
      reply.unsaid.push(piece);
      return [];
    });
  }

  #order(reply: Reply, text: string, route = reply.route): readonly Command[] {
    return route === 'none' ? [] : [{ type: 'voice.say', reply: reply.number, text, route }];
  }

  #finish(reply: Reply): readonly Command[] {
    reply.finishOwed = reply.speculation !== undefined;
    return reply.finishOwed ? [] : [{ type: 'voice.finish', reply: reply.number }];
  }

  #modelDone(reply: Reply, now: number): readonly Command[] {
    const rest = this.#modelSays(reply, reply.sentences.flush());
    if (!reply.modelSpoke && reply.ending !== undefined)
      return this.recite(reply, this.#plan.lines.goodbye, now);
    if (!reply.modelSpoke) {
      return this.#modelFailed(reply, { kind: 'truncated', retryable: true, detail: 'an empty reply' }, now);
    }
    reply.modelDone = true;
    return [...rest, ...this.#conclude(reply, now)];
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
    const rest = this.#modelSays(reply, reply.sentences.breakOff());
    reply.modelDone = true;
    return [cancel, told, ...rest, ...this.#conclude(reply, now)];
  }

  /** The voice of a filler has the number the reply began with, which then stays its own. */
  #askAgain(reply: Reply): Command {
    reply.attempts++;
    reply.ending = undefined;
    reply.sentences.discard();
    if (!reply.filled) reply.number = this.number();
    return { type: 'model.ask', reply: reply.number, messages: this.#plan.messages() };
  }

  /** All words are known: their sound is awaited, or there will be none. */
  #conclude(reply: Reply, now: number): readonly Command[] {
    return reply.route === 'none' ? this.#showOnly(reply, now) : this.#finish(reply);
  }

  #voiceNews(reply: Reply, event: VoiceNews, now: number): readonly Command[] {
    return event.type === 'voice.done' ? this.#allSent(reply, now) : this.#audio(reply, event, now);
  }

  #audio(reply: Reply, event: Extract<VoiceNews, { type: 'voice.audio' }>, now: number): readonly Command[] {
    const { utteranceId } = reply;
    const pcm = reply.audio(event.pcm, event.alignment, now);
    if (pcm.byteLength === 0) return [];
    const out: Command[] = [...this.#started(reply, now), ...this.#texts(reply, reply.spoken.due())];
    for (let at = 0; at < pcm.byteLength; at += CHUNK_BYTES) {
      const audio = pcm.subarray(at, at + CHUNK_BYTES);
      out.push(send('voicechat.response.chunk', { audio, utteranceId, sampleRate: this.#plan.voiceRate }));
    }
    return out;
  }

  #allSent(reply: Reply, now: number): readonly Command[] {
    if (reply.stage === 'thinking') {
      const silent: Failure = { kind: 'truncated', retryable: true, detail: 'no audio for the text' };
      return this.#voiceFailed(reply, silent, now);
    }
    reply.stage = 'tail';
    reply.overBy = Math.max(now, reply.playback.endsAt) + REPORTS_MS;
    const { utteranceId } = reply;
    return [...this.#texts(reply, reply.spoken.rest()), send('voicechat.response.complete', { utteranceId })];
  }

  /** Tries what has no sound yet by the next route; when there is none, the words reach the caller as text. */
  #voiceFailed(reply: Reply, failure: Failure, now: number): readonly Command[] {
    if (reply.speculation !== undefined) return this.#giveUp(reply);
    const cancel: Command = { type: 'voice.cancel', reply: reply.number };
    const next = this.#nextRoute(reply, failure, now);
    reply.backlog = [];
    reply.route = next;
    if (next !== 'none') {
      const text = reply.spoken.restart(reply.playback.sentMs);
      const again = text === '' ? [] : this.#order(reply, text);
      return [cancel, ...again, ...(reply.modelDone ? this.#finish(reply) : [])];
    }
    const told = send('voicechat.error', {
      code: 'synthesiser_unavailable',
      message: 'The speech synthesiser is not available; the agent answers in text.',
      retryable: failure.retryable,
    });
    return [cancel, told, ...(reply.modelDone ? this.#showOnly(reply, now) : [])];
  }

  #nextRoute(reply: Reply, failure: Failure, now: number): VoiceRoute | 'none' {
    if (reply.route === 'phrase') return this.#route(now);
    if (reply.route !== 'socket' || !failure.retryable) return 'none';
    if (SLOW_FAILURES.includes(failure.kind)) this.#avoidSocketUntil = now + AVOID_SOCKET_MS;
    return 'http';
  }

  /** A reply that may never be wanted is not worth mending. */
  #giveUp(reply: Reply): readonly Command[] {
    reply.stage = 'over';
    return this.cancel(reply);
  }

  /** Ends a reply that has no voice any more: its words are sent as text and count as read. What was sent before plays on. */
  #showOnly(reply: Reply, now: number): readonly Command[] {
    const { utteranceId } = reply;
    reply.showOwed = reply.withheld;
    if (reply.showOwed) return [];
    const shown = [
      ...this.#started(reply, now),
      ...this.#texts(reply, reply.spoken.rest()),
      send('voicechat.response.complete', { utteranceId }),
    ];
    reply.stage = reply.playback.endsAt > now ? 'tail' : 'over';
    reply.overBy = reply.playback.endsAt + REPORTS_MS;
    return shown;
  }

  #started(reply: Reply, now: number): readonly Command[] {
    if (reply.stage !== 'thinking') return [];
    reply.stage = 'sounding';
    return [send('voicechat.response.start', { utteranceId: reply.utteranceId, timestamp: now })];
  }

  #texts(reply: Reply, pieces: readonly string[]): readonly Command[] {
    const { utteranceId } = reply;
    return pieces.map((text) => send('voicechat.response.text', { utteranceId, text }));
  }
}

/** News that a provider owes nobody any more: of a model that was done with, a voice that was given up, or a reply that was sent. */
function isStale(reply: Reply, event: ReplyNews): boolean {
  if (reply.stage === 'tail') return true;
  switch (event.type) {
    case 'model.text':
    case 'model.end-call':
    case 'model.done':
    case 'model.failed':
      return reply.modelDone;
    case 'voice.done':
      return reply.route === 'none' || !reply.modelDone || reply.finishOwed;
    default:
      return reply.route === 'none';
  }
}
