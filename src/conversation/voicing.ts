import { type Command, type Failure, send, type VoiceRoute } from './events.ts';
import type { Outflow } from './outflow.ts';
import { type Reply, type ReplyNews, type VoiceNews, wordsOf } from './reply.ts';

/** Failures that take a caller's time to find out. */
const SLOW_FAILURES: readonly Failure['kind'][] = ['timeout', 'unreachable', 'stalled'];
/** How long later replies avoid a socket that has failed so, in ms. */
const AVOID_SOCKET_MS = 30_000;

/** The synthesiser is given no further piece while so much of the reply is still ahead of the listener, in ms: it may never be wanted. */
const SAY_AHEAD_MS = 8000;
/** The most sound that waits to be sent, in ms: four times what the pieces above amount to. A synthesiser that sends more has gone wrong. */
const MOST_UNSENT_MS = 60_000;

/** How the words of a reply become sound: which way they take to the synthesiser, and which when one has failed. */
export class Voicing {
  readonly #outflow: Outflow;
  readonly #filler: string;
  /** Fixed lines that sound at once. */
  readonly #ready = new Set<string>();
  #avoidSocketUntil = 0;

  /** `filler`: the fixed line that bridges a long wait. */
  constructor(outflow: Outflow, filler: string) {
    this.#outflow = outflow;
    this.#filler = filler;
  }

  /** A fixed line can be spoken at once. */
  ready(text: string): void {
    this.#ready.add(text);
  }

  /** True for a fixed line that sounds at once. */
  isReady(text: string): boolean {
    return this.#ready.has(text);
  }

  /** The way that a new reply takes. */
  route(now: number): VoiceRoute {
    return now < this.#avoidSocketUntil ? 'http' : 'socket';
  }

  /** Has a fixed line take the way of fixed lines, unless it would overtake a filler that has not sounded yet. */
  takesPhraseRoute(reply: Reply): void {
    const waits = !reply.spoken.empty && !this.#ready.has(this.#filler);
    if (reply.route !== 'none' && !waits) reply.route = 'phrase';
  }

  /** Before the turn is over only the first piece is synthesised, and later none that is far ahead: the rest may never be wanted. */
  say(reply: Reply, pieces: readonly string[], now: number): readonly Command[] {
    return pieces.flatMap((piece) => {
      const wait = reply.unsaid.length > 0 || this.#mayWait(reply, now);
      reply.spoken.say(piece);
      if (!wait) return this.#order(reply, piece);
      reply.unsaid.push(piece);
      return [];
    });
  }

  /** When the synthesiser is to be given the next piece that waits. */
  sayAt(reply: Reply): number | undefined {
    const { playback, unsaid, stage } = reply;
    if (unsaid.length === 0 || stage !== 'sounding' || playback.paused) return undefined;
    return reply.soundsUntil + reply.unvoicedMs - SAY_AHEAD_MS;
  }

  /** Gives the synthesiser the pieces that wait and are due. */
  sayMore(reply: Reply, now: number): readonly Command[] {
    const out: Command[] = [];
    for (let at = this.sayAt(reply); at !== undefined && now >= at; at = this.sayAt(reply))
      out.push(...this.#sayNext(reply));
    return out;
  }

  /** All words are known: their sound is awaited, or there will be none. */
  conclude(reply: Reply, now: number): readonly Command[] {
    return reply.route === 'none' ? this.#outflow.showOnly(reply, now) : this.#finish(reply);
  }

  /** Takes news about a reply of which anything may reach the caller, or keeps it until it may. */
  news(reply: Reply, event: VoiceNews, now: number): readonly Command[] {
    if (reply.withheld) {
      reply.backlog.push(event);
      return [];
    }
    if (event.type === 'voice.done') return this.#allSent(reply, now);
    if (reply.unsentMs <= MOST_UNSENT_MS) return this.#outflow.audio(reply, event, now);
    const failure: Failure = { kind: 'protocol', retryable: false, detail: 'too much audio for the text' };
    return this.failed(reply, failure, now);
  }

  /** Lets through what was withheld. */
  release(reply: Reply, now: number): readonly Command[] {
    const held = reply.backlog
      .splice(0)
      .flatMap((event) => (isStaleVoice(reply, event) ? [] : this.news(reply, event, now)));
    if (reply.showOwed) return [...held, ...this.#outflow.showOnly(reply, now)];
    const unsaid: Command[] = [];
    while (reply.unsaid.length > 0 && !this.#mayWait(reply, now)) unsaid.push(...this.#sayNext(reply));
    return [...held, ...unsaid, ...(reply.finishOwed ? this.#finish(reply) : [])];
  }

  /** Whether the filler could still be the next thing that sounds. */
  canFill(reply: Reply): boolean {
    const speechless =
      reply.stage === 'thinking' && reply.route !== 'none' && !reply.spoken.begun && !reply.filled;
    return speechless && (reply.spoken.empty || this.#ready.has(this.#filler));
  }

  /** Bridges a long wait for the first words, which the filler precedes. */
  fill(reply: Reply): readonly Command[] {
    return this.introduce(reply, this.#filler);
  }

  /** Has a fixed line precede the first words of a reply. */
  introduce(reply: Reply, line: string): readonly Command[] {
    reply.filled = true;
    reply.introWords = wordsOf(line).length;
    reply.spoken.precede(line);
    return this.#order(reply, line, this.#ready.has(line) ? 'phrase' : reply.route);
  }

  /** Tries what has no sound yet by the next route; when there is none, the words reach the caller as text. */
  failed(reply: Reply, failure: Failure, now: number): readonly Command[] {
    const cancel: Command = { type: 'voice.cancel', reply: reply.number };
    const next = this.#nextRoute(reply, failure, now);
    reply.backlog = [];
    reply.unsaid = [];
    reply.route = next;
    if (next !== 'none') {
      const text = reply.spoken.restart(reply.cameMs);
      const again = text === '' ? [] : this.#order(reply, text);
      return [cancel, ...again, ...(reply.modelDone ? this.#finish(reply) : [])];
    }
    const told = send('voicechat.error', {
      code: 'synthesiser_unavailable',
      message: 'The speech synthesiser is not available; the agent answers in text.',
      retryable: failure.retryable,
    });
    return [cancel, told, ...(reply.modelDone ? this.#outflow.showOnly(reply, now) : [])];
  }

  #nextRoute(reply: Reply, failure: Failure, now: number): VoiceRoute | 'none' {
    if (reply.route === 'phrase') return this.route(now);
    if (reply.route !== 'socket' || !failure.retryable) return 'none';
    if (SLOW_FAILURES.includes(failure.kind)) this.#avoidSocketUntil = now + AVOID_SOCKET_MS;
    return 'http';
  }

  #order(reply: Reply, text: string, route = reply.route): readonly Command[] {
    return route === 'none' ? [] : [{ type: 'voice.say', reply: reply.number, text, route }];
  }

  #sayNext(reply: Reply): readonly Command[] {
    const next = reply.unsaid.shift();
    if (next === undefined) return [];
    return [...this.#order(reply, next), ...(reply.finishOwed ? this.#finish(reply) : [])];
  }

  #mayWait(reply: Reply, now: number): boolean {
    if (reply.speculation !== undefined) return !reply.spoken.empty;
    return reply.cameMs + reply.unvoicedMs - reply.playback.heardMs(now) > SAY_AHEAD_MS;
  }

  #finish(reply: Reply): readonly Command[] {
    reply.finishOwed = reply.speculation !== undefined || reply.unsaid.length > 0;
    return reply.finishOwed ? [] : [{ type: 'voice.finish', reply: reply.number }];
  }

  #allSent(reply: Reply, now: number): readonly Command[] {
    if (reply.stage !== 'thinking') return this.#outflow.complete(reply, now);
    return this.failed(reply, { kind: 'truncated', retryable: true, detail: 'no audio for the text' }, now);
  }
}

/** News that the synthesiser owes nobody any more: of a voice that was given up, or of a reply that was sent. */
export function isStaleVoice(reply: Reply, event: Extract<ReplyNews, { type: `voice.${string}` }>): boolean {
  if (reply.stage === 'tail' || reply.allCame || reply.route === 'none') return true;
  return event.type === 'voice.done' && (!reply.modelDone || reply.finishOwed);
}
