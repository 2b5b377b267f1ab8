import type { SynthesiserConfig } from '../../config.ts';
import { earliest } from '../../conversation/deadline.ts';
import type { Failure } from '../../conversation/events.ts';
import type { Surroundings } from '../ports.ts';
import { HANDSHAKE_MS, handshakeTimeout, type Line, openLine } from '../socket.ts';
import { SpeechContext } from './context.ts';
import { closeFailure, errorFailure, readSpeechFrame, refusedFailure, type SpeechFrame } from './frames.ts';

/** How long a context may stay without text before the vendor ends it, in s; 180 is its maximum. */
const INACTIVITY_S = 180;
/** A socket on which nothing was sent for so long is closed before the vendor does it in the middle of a turn, in ms. */
const IDLE_MS = 150_000;
/** Contexts alive on one socket, closing ones included; the vendor closes the whole socket at the sixth, and may count one for longer than we do. */
const MAX_CONTEXTS = 3;

/** The handshake of the call's socket, or the socket. */
type Connection =
  | { readonly state: 'closed' }
  | {
      readonly state: 'opening';
      readonly abort: AbortController;
      readonly by: number;
      readonly waiting: string[];
    }
  | { readonly state: 'open'; readonly line: Line };

/** ElevenLabs over `multi-stream-input`: one socket a call, one context a reply. */
export class SpeechSocket {
  readonly #around: Surroundings;
  readonly #apiKey: string;
  readonly #url: string;
  readonly #sampleRate: number;
  readonly #contexts = new Map<string, SpeechContext>();
  #connection: Connection = { state: 'closed' };
  /** When something was sent last, in ms since the epoch. */
  #sentAt = 0;
  /** A context was begun on the connection. */
  #used = false;

  /** `language` is an ISO 639-1 code. */
  constructor(config: SynthesiserConfig, voiceId: string, language: string, around: Surroundings) {
    this.#around = around;
    this.#apiKey = config.apiKey;
    this.#sampleRate = config.sampleRate;
    const query = new URLSearchParams({
      model_id: config.model,
      output_format: `pcm_${config.sampleRate}`,
      language_code: language,
      inactivity_timeout: String(INACTIVITY_S),
      auto_mode: 'true',
    });
    this.#url = `${config.baseUrl}/v1/text-to-speech/${encodeURIComponent(voiceId)}/multi-stream-input?${query}`;
  }

  get deadline(): number | undefined {
    let due: number | undefined;
    if (this.#connection.state === 'opening') due = this.#connection.by;
    if (this.#isResting) due = this.#sentAt + IDLE_MS;
    for (const context of this.#contexts.values()) due = earliest(due, context.deadline);
    return due;
  }

  prepare(): void {
    const contexts = [...this.#contexts.values()];
    // A socket full of cancelled replies whose end has not come would have no place for the next one.
    if (contexts.length >= MAX_CONTEXTS && contexts.every(({ state }) => state === 'cancelled')) this.#drop();
    if (this.#connection.state === 'closed') void this.#open();
  }

  /** Whether a reply was begun here and is not over. */
  speaks(reply: number): boolean {
    return this.#contextOf(reply) !== undefined;
  }

  /** `fresh`: a reply that begins here gets a socket on which nothing was said before. */
  say(reply: number, text: string, fresh = false): void {
    const [id, context] = this.#contextOf(reply) ?? this.#begin(reply, fresh);
    context.said(text, this.#around.now());
    this.#write({ text: `${text} `, context_id: id, flush: true });
  }

  finish(reply: number): void {
    const spoken = this.#contextOf(reply);
    if (spoken === undefined) return;
    const [id, context] = spoken;
    context.finish(this.#around.now());
    this.#settle(id, context);
  }

  cancel(reply: number): void {
    const spoken = this.#contextOf(reply);
    if (spoken === undefined) return;
    const [id, context] = spoken;
    if (context.state !== 'closing') this.#write({ context_id: id, close_context: true });
    context.cancel();
  }

  tick(now: number): void {
    if (this.#connection.state === 'opening' && now >= this.#connection.by) {
      return this.#lost(handshakeTimeout('ElevenLabs'));
    }
    if (this.#isResting && now >= this.#sentAt + IDLE_MS) return this.#drop();
    for (const [id, context] of this.#contexts) {
      if (context.deadline === undefined || now < context.deadline) continue;
      if (context.state === 'closing') this.#presume(context);
      else if (context.state === 'complete' && context.nearlyCovered) this.#closeContext(id, context);
      else return this.#lost({ kind: 'stalled', retryable: true, detail: 'ElevenLabs sent no audio' });
    }
  }

  close(): void {
    this.#drop();
  }

  #contextOf(reply: number): [id: string, context: SpeechContext] | undefined {
    return [...this.#contexts].find(
      ([, context]) => context.reply === reply && context.state !== 'cancelled',
    );
  }

  /** The socket is open, and nothing is being spoken on it. */
  get #isResting(): boolean {
    const living = [...this.#contexts.values()].some(({ state }) => state !== 'cancelled');
    return this.#connection.state === 'open' && !living;
  }

  #begin(reply: number, fresh: boolean): [id: string, context: SpeechContext] {
    if (fresh && this.#used) this.#drop();
    this.prepare();
    this.#used = true;
    const id = this.#freeId(reply);
    const context = new SpeechContext(reply, this.#sampleRate);
    this.#contexts.set(id, context);
    this.#write({ text: ' ', context_id: id });
    return [id, context];
  }

  /** A reply that is said again must not meet the audio of its cancelled context. */
  #freeId(reply: number): string {
    let id = `r${reply}`;
    for (let attempt = 2; this.#contexts.has(id); attempt++) id = `r${reply}-${attempt}`;
    return id;
  }

  #write(message: Readonly<Record<string, unknown>>): void {
    const text = JSON.stringify(message);
    this.#sentAt = this.#around.now();
    if (this.#connection.state === 'opening') this.#connection.waiting.push(text);
    else if (this.#connection.state === 'open') this.#connection.line.send(text);
  }

  async #open(): Promise<void> {
    const abort = new AbortController();
    const waiting: string[] = [];
    this.#connection = { state: 'opening', abort, by: this.#around.now() + HANDSHAKE_MS, waiting };
    const opened = await openLine(
      this.#around.fetch,
      this.#url,
      { 'xi-api-key': this.#apiKey },
      {
        message: (data) => this.#message(data),
        closed: (code, reason) => this.#lost(closeFailure(code, reason)),
      },
      abort.signal,
    );
    if (abort.signal.aborted) return;
    if ('refusal' in opened) return this.#lost(refusedFailure(opened.refusal));
    this.#connection = { state: 'open', line: opened.line };
    this.#sentAt = this.#around.now();
    for (const text of waiting) opened.line.send(text);
  }

  #message(data: string | ArrayBuffer): void {
    const frame = readSpeechFrame(data);
    if (frame === undefined) {
      return this.#lost({ kind: 'protocol', retryable: true, detail: 'ElevenLabs sent an unknown frame' });
    }
    if (frame.error !== undefined) return this.#lost(errorFailure(frame.error));
    const context = this.#contexts.get(frame.context);
    if (context === undefined) return;
    if (frame.audio !== undefined && context.state !== 'cancelled') this.#audio(context, frame, frame.audio);
    if (frame.isFinal) this.#ended(frame.context, context);
    else this.#settle(frame.context, context);
  }

  /** The vendor says that a context is over; words of it that never sounded are a failure. */
  #ended(id: string, context: SpeechContext): void {
    const { state, nearlyCovered, reply } = context;
    const early = state === 'speaking' || (state === 'complete' && !nearlyCovered);
    if (!early) return this.#over(id, context);
    this.#contexts.delete(id);
    const failure = { kind: 'truncated', retryable: true, detail: 'ElevenLabs ended a reply early' } as const;
    this.#around.report({ type: 'voice.failed', reply, failure });
  }

  #audio(context: SpeechContext, { alignment }: SpeechFrame, audio: Uint8Array): void {
    const pcm = context.heard(audio, alignment, this.#around.now());
    if (pcm.byteLength === 0) return;
    this.#around.report({ type: 'voice.audio', reply: context.reply, pcm, alignment });
  }

  /** A context is closed only when its audio has come: closing it with text in flight can lose that text. */
  #settle(id: string, context: SpeechContext): void {
    if (context.state === 'complete' && context.covered) this.#closeContext(id, context);
  }

  #closeContext(id: string, context: SpeechContext): void {
    context.close(this.#around.now());
    this.#write({ context_id: id, close_context: true });
  }

  /** All its sound has come, but the vendor does not say that it is over, and may count it as alive for as long. */
  #presume(context: SpeechContext): void {
    context.cancel();
    this.#around.report({ type: 'voice.done', reply: context.reply });
  }

  #over(id: string, context: SpeechContext): void {
    this.#contexts.delete(id);
    if (context.state !== 'cancelled') this.#around.report({ type: 'voice.done', reply: context.reply });
  }

  /** The socket is gone. Replies that were being spoken fail, save those whose sound has come; the next one opens a new socket. */
  #lost(failure: Failure): void {
    const contexts = [...this.#contexts.values()];
    this.#drop();
    for (const { state, reply } of contexts) {
      if (state === 'closing') this.#around.report({ type: 'voice.done', reply });
      else if (state !== 'cancelled') this.#around.report({ type: 'voice.failed', reply, failure });
    }
  }

  #drop(): void {
    if (this.#connection.state === 'opening') this.#connection.abort.abort();
    if (this.#connection.state === 'open') this.#connection.line.close();
    this.#connection = { state: 'closed' };
    this.#used = false;
    this.#contexts.clear();
  }
}
