import { durationMs } from '../audio/pcm.ts';
import { type CallEvent, type Command, type Failure, type Message, send } from './events.ts';
import { Reply, type ReplyCause } from './reply.ts';

/** How often the model is asked for one reply before the agent apologises. */
const MODEL_ATTEMPTS = 2;
/** A reply with no news of any kind for this long is given up, in ms. Longer than every watchdog of the providers. */
const REPLY_PATIENCE_MS = 12_000;
/** Failures that take a caller's time to find out. */
const SLOW_FAILURES: readonly Failure['kind'][] = ['timeout', 'unreachable', 'stalled'];
/** How long later replies avoid a socket that has failed so, in ms. */
const AVOID_SOCKET_MS = 30_000;
/** How long a listener that reports its playback may be behind the estimate when the audio should be over, in ms. */
const REPORT_GRACE_MS = 1000;
/** The longest `audio` of one response chunk, in bytes: below every frame limit a client may have. */
const CHUNK_BYTES = 16_000;

export interface MouthPlan {
  readonly voiceRate: number;
  readonly apology: string;
  readonly mintId: () => string;
  readonly messages: () => readonly Message[];
  /** A reply is over; `heard` are the words of it that sounded. */
  readonly over: (heard: string, interrupted: boolean) => void;
}

type ReplyNews = Extract<CallEvent, { reply: number }>;

/** The agent's side of the call: at most one reply at a time, from the model's first word to the last sound. */
export class Mouth {
  readonly #plan: MouthPlan;
  #numbers = 0;
  #reply: Reply | undefined;
  #farewell: string | undefined;
  #avoidSocketUntil = 0;

  constructor(plan: MouthPlan) {
    this.#plan = plan;
  }

  /** The reply that is being prepared or sounds. */
  get reply(): Reply | undefined {
    return this.#reply;
  }

  /** The outcome of the call once its farewell has sounded. */
  get farewell(): string | undefined {
    return this.#farewell;
  }

  get doing(): 'thinking' | 'speaking' | undefined {
    if (this.#reply === undefined) return undefined;
    return this.#reply.stage === 'thinking' ? 'thinking' : 'speaking';
  }

  get deadline(): number | undefined {
    const reply = this.#reply;
    if (reply === undefined) return undefined;
    return reply.stage === 'tail' ? tailEnd(reply) : reply.progressAt + REPLY_PATIENCE_MS;
  }

  /** Asks the model for a reply. */
  ask(cause: ReplyCause, now: number): readonly Command[] {
    const reply = this.#begin(cause, now);
    return [{ type: 'model.ask', reply: reply.number, messages: this.#plan.messages() }];
  }

  /** Says a fixed line; the model is not asked. */
  line(text: string, cause: ReplyCause, now: number): readonly Command[] {
    const reply = this.#begin(cause, now);
    return this.#recite(reply, text);
  }

  /** Stops the reply at what has been heard of it. */
  interrupt(now: number): readonly Command[] {
    const reply = this.#reply;
    if (reply === undefined) return [];
    const { utteranceId } = reply;
    const cancel = this.#cancel(reply);
    if (reply.stage === 'thinking') {
      this.#reply = undefined;
      return cancel;
    }
    const stop = send('voicechat.response.interrupt', { utteranceId, timestamp: now });
    // The metrics go first: after a stop nothing that names the utterance is sent.
    return [...this.#over(reply, true, now), stop, ...cancel];
  }

  playback(
    report: { utteranceId: string; playedMs: number; ended: boolean },
    now: number,
  ): readonly Command[] {
    const reply = this.#reply;
    if (reply === undefined || report.utteranceId !== reply.utteranceId) return [];
    reply.playback.reported(report.playedMs, report.ended, now);
    return reply.stage === 'tail' && report.ended ? this.#over(reply, false, now) : [];
  }

  /** Takes news of the model or the synthesiser; what belongs to no living reply yields nothing. */
  news(event: ReplyNews, now: number): readonly Command[] {
    const reply = this.#reply;
    if (reply === undefined || event.reply !== reply.number || isStale(reply, event)) return [];
    reply.progressAt = now;
    switch (event.type) {
      case 'model.text':
        reply.firstTokenAt ??= now;
        return this.#say(reply, reply.sentences.push(event.text));
      case 'model.done':
        return this.#modelDone(reply, now);
      case 'model.failed':
        return this.#modelFailed(reply, event.failure, now);
      case 'model.end-call':
        return [];
      case 'voice.audio':
        return this.#audio(reply, event, now);
      case 'voice.done':
        return this.#allSent(reply, now);
      case 'voice.failed':
        return this.#voiceFailed(reply, event.failure, now);
      default:
        return event satisfies never;
    }
  }

  tick(now: number): readonly Command[] {
    const reply = this.#reply;
    const { deadline } = this;
    if (reply === undefined || deadline === undefined || now < deadline) return [];
    if (reply.stage === 'tail') return this.#over(reply, false, now);
    reply.progressAt = now;
    const stalled: Failure = { kind: 'stalled', retryable: false, detail: 'no news of the reply' };
    return reply.modelDone ? this.#voiceFailed(reply, stalled, now) : this.#modelFailed(reply, stalled, now);
  }

  #begin(cause: ReplyCause, now: number): Reply {
    const reply = new Reply(++this.#numbers, this.#plan.mintId(), cause, now);
    if (now < this.#avoidSocketUntil) reply.route = 'http';
    this.#reply = reply;
    return reply;
  }

  #recite(reply: Reply, text: string): readonly Command[] {
    reply.modelDone = true;
    reply.sentences.discard();
    const pieces = [...reply.sentences.push(text), ...reply.sentences.flush()];
    return [...this.#say(reply, pieces), { type: 'voice.finish', reply: reply.number }];
  }

  #say(reply: Reply, pieces: readonly string[]): readonly Command[] {
    for (const piece of pieces) reply.spoken.say(piece);
    const { route } = reply;
    if (route === 'none') return [];
    return pieces.map((text) => ({ type: 'voice.say', reply: reply.number, text, route }));
  }

  #modelDone(reply: Reply, now: number): readonly Command[] {
    const rest = this.#say(reply, reply.sentences.flush());
    if (reply.spoken.empty) {
      return this.#modelFailed(reply, { kind: 'truncated', retryable: true, detail: 'an empty reply' }, now);
    }
    reply.modelDone = true;
    if (reply.route === 'none') return [...rest, ...this.#showOnly(reply, now)];
    return [...rest, { type: 'voice.finish', reply: reply.number }];
  }

  /** Asks once more while nothing was said; else apologises, or lets the words that were said stand. */
  #modelFailed(reply: Reply, failure: Failure, now: number): readonly Command[] {
    const cancel: Command = { type: 'model.cancel', reply: reply.number };
    const speechless = reply.spoken.empty;
    if (speechless && failure.retryable && reply.attempts < MODEL_ATTEMPTS) {
      reply.attempts++;
      reply.sentences.discard();
      reply.number = ++this.#numbers;
      return [cancel, { type: 'model.ask', reply: reply.number, messages: this.#plan.messages() }];
    }
    const told = send('voicechat.error', {
      code: 'model_unavailable',
      message: 'The language model did not finish its answer.',
      retryable: failure.retryable,
    });
    if (speechless)
      return [cancel, told, ...this.#recite(reply, this.#plan.apology), ...this.#finishedUnheard(reply, now)];
    reply.modelDone = true;
    return [
      cancel,
      told,
      { type: 'voice.finish', reply: reply.number },
      ...this.#finishedUnheard(reply, now),
    ];
  }

  #finishedUnheard(reply: Reply, now: number): readonly Command[] {
    return reply.route === 'none' ? this.#showOnly(reply, now) : [];
  }

  #audio(reply: Reply, event: Extract<ReplyNews, { type: 'voice.audio' }>, now: number): readonly Command[] {
    const { utteranceId } = reply;
    const { voiceRate } = this.#plan;
    const start = this.#started(reply, now);
    reply.audio(durationMs(event.pcm.byteLength, voiceRate), event.alignment, now);
    const out: Command[] = [...start, ...this.#texts(reply, reply.spoken.due())];
    for (let at = 0; at < event.pcm.byteLength; at += CHUNK_BYTES) {
      const audio = event.pcm.subarray(at, at + CHUNK_BYTES);
      out.push(send('voicechat.response.chunk', { audio, utteranceId, sampleRate: voiceRate }));
    }
    return out;
  }

  #allSent(reply: Reply, now: number): readonly Command[] {
    if (reply.stage === 'thinking') {
      const silent: Failure = { kind: 'truncated', retryable: true, detail: 'no audio for the text' };
      return this.#voiceFailed(reply, silent, now);
    }
    reply.stage = 'tail';
    const { utteranceId } = reply;
    return [...this.#texts(reply, reply.spoken.rest()), send('voicechat.response.complete', { utteranceId })];
  }

  /** Tries what has no sound yet over HTTP; when that fails too, the words reach the caller as text. */
  #voiceFailed(reply: Reply, failure: Failure, now: number): readonly Command[] {
    const cancel: Command = { type: 'voice.cancel', reply: reply.number };
    if (reply.route === 'socket' && failure.retryable) {
      reply.route = 'http';
      if (SLOW_FAILURES.includes(failure.kind)) this.#avoidSocketUntil = now + AVOID_SOCKET_MS;
      const text = reply.spoken.unvoiced(reply.playback.sentMs);
      const again: readonly Command[] =
        text === '' ? [] : [{ type: 'voice.say', reply: reply.number, text, route: 'http' }];
      const finish: readonly Command[] = reply.modelDone
        ? [{ type: 'voice.finish', reply: reply.number }]
        : [];
      return [cancel, ...again, ...finish];
    }
    reply.route = 'none';
    const told = send('voicechat.error', {
      code: 'synthesiser_unavailable',
      message: 'The speech synthesiser is not available; the agent answers in text.',
      retryable: failure.retryable,
    });
    return [cancel, told, ...(reply.modelDone ? this.#showOnly(reply, now) : [])];
  }

  /** Ends a reply that has no voice: its words are sent as text and count as read. */
  #showOnly(reply: Reply, now: number): readonly Command[] {
    const { utteranceId } = reply;
    return [
      ...this.#started(reply, now),
      ...this.#texts(reply, reply.spoken.rest()),
      send('voicechat.response.complete', { utteranceId }),
      ...this.#over(reply, false, now),
    ];
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

  #over(reply: Reply, interrupted: boolean, now: number): readonly Command[] {
    const heard = interrupted || reply.playback.ended ? reply.heard(now) : reply.spoken.text;
    const cut = heard !== reply.spoken.text || (interrupted && !reply.modelDone);
    this.#reply = undefined;
    this.#plan.over(heard, cut);
    if (reply.cause.type === 'farewell') this.#farewell = reply.cause.outcome;
    return [send('voicechat.turn.metrics', reply.metrics(interrupted, now))];
  }

  #cancel(reply: Reply): readonly Command[] {
    const voice: Command = { type: 'voice.cancel', reply: reply.number };
    return reply.modelDone ? [voice] : [{ type: 'model.cancel', reply: reply.number }, voice];
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
      return reply.route === 'none' || !reply.modelDone;
    default:
      return reply.route === 'none';
  }
}

function tailEnd(reply: Reply): number {
  return reply.playback.endsAt + (reply.playback.hasReports ? REPORT_GRACE_MS : 0);
}
