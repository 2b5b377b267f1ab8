import { type Command, type Failure, send, type VoiceRoute } from './events.ts';
import type { Ladder } from './ladder.ts';
import type { Outflow } from './outflow.ts';
import type { Lines } from './plan.ts';
import { type Reply, type ReplyNews, type VoiceNews, wordsOf } from './reply.ts';

/** The synthesiser is given no further piece while so much of the reply is still ahead of the listener, in ms: it may never be wanted. */
const SAY_AHEAD_MS = 8000;
/** The most sound that waits to be sent, in ms: four times what the pieces above amount to. A synthesiser that sends more has gone wrong. */
const MOST_UNSENT_MS = 60_000;

/** How the words of a reply become sound: which way they take to the synthesiser, and which when one has failed. */
export class Voicing {
  readonly #outflow: Outflow;
  readonly #lines: Pick<Lines, 'filler' | 'voiceLost'>;
  readonly #ladder: Ladder;
  /** Fixed lines that sound at once. */
  readonly #ready = new Set<string>();
  /** The caller was told once that the voice is lost. */
  #lossTold = false;

  constructor(outflow: Outflow, lines: Pick<Lines, 'filler' | 'voiceLost'>, ladder: Ladder) {
    this.#outflow = outflow;
    this.#lines = lines;
    this.#ladder = ladder;
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
    return this.#ladder.start(now);
  }

  /** Has a fixed line take the way of fixed lines, unless it would overtake a filler that has not sounded yet, or has to be rendered and HTTP is avoided. */
  takesPhraseRoute(reply: Reply, line: string, now: number): void {
    const waits = !reply.spoken.empty && !this.#ready.has(this.#lines.filler);
    if (reply.route === 'none' || waits) return;
    if (this.#ready.has(line) || !this.#ladder.avoids('http', now)) reply.route = 'phrase';
    else if (reply.spoken.empty) reply.route = this.route(now);
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
    if (reply.tellsLoss) return [];
    return reply.route === 'none' ? this.#outflow.showOnly(reply, now) : this.#finish(reply);
  }

  /** Takes news about a reply of which anything may reach the caller, or keeps it until it may. */
  news(reply: Reply, event: VoiceNews, now: number): readonly Command[] {
    if (reply.withheld) {
      reply.backlog.push(event);
      return [];
    }
    if (event.type === 'voice.done')
      return reply.tellsLoss ? this.#lossSounded(reply, now) : this.#allSent(reply, now);
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
    return speechless && (reply.spoken.empty || this.#ready.has(this.#lines.filler));
  }

  /** Bridges a long wait for the first words, which the filler precedes. */
  fill(reply: Reply): readonly Command[] {
    return this.introduce(reply, this.#lines.filler);
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
    reply.backlog = [];
    reply.unsaid = [];
    if (reply.tellsLoss) return [cancel, ...this.#lossSounded(reply, now)];
    reply.route = this.#ladder.next(reply.route, failure, now);
    const text = reply.spoken.restart(reply.cameMs);
    if (reply.route !== 'none') {
      const again = text === '' ? [] : this.#order(reply, text);
      return [cancel, ...again, ...(reply.modelDone ? this.#finish(reply) : [])];
    }
    const told = send('voicechat.error', {
      code: 'synthesiser_unavailable',
      message: 'The speech synthesiser is not available; the agent answers in text.',
      retryable: failure.retryable,
    });
    return [cancel, told, ...this.#withoutVoice(reply, now)];
  }

  /** Says once that the voice is lost, if that can be said; what has no sound follows as text. */
  #withoutVoice(reply: Reply, now: number): readonly Command[] {
    const { voiceLost } = this.#lines;
    if (this.#lossTold || !this.#ready.has(voiceLost)) return this.#lossSounded(reply, now);
    this.#lossTold = true;
    reply.tellsLoss = true;
    reply.spoken.interpose(voiceLost);
    return [...this.#order(reply, voiceLost, 'phrase'), { type: 'voice.finish', reply: reply.number }];
  }

  #lossSounded(reply: Reply, now: number): readonly Command[] {
    reply.tellsLoss = false;
    return reply.modelDone ? this.#outflow.showOnly(reply, now) : [];
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
    if (reply.stage !== 'thinking') {
      this.#ladder.proved(reply.route);
      return this.#outflow.complete(reply, now);
    }
    return this.failed(reply, { kind: 'truncated', retryable: true, detail: 'no audio for the text' }, now);
  }
}

/** News that the synthesiser owes nobody any more: of a voice that was given up, or of a reply that was sent. */
export function isStaleVoice(reply: Reply, event: Extract<ReplyNews, { type: `voice.${string}` }>): boolean {
  if (reply.stage === 'tail' || reply.allCame) return true;
  if (reply.route === 'none') return !reply.tellsLoss;
  return event.type === 'voice.done' && (!reply.modelDone || reply.finishOwed);
}
