import type { SynthesiserConfig } from '../config.ts';
import { earliest } from '../conversation/deadline.ts';
import type { Failure, VoiceRoute } from '../conversation/events.ts';
import {
  closeFailure,
  errorFailure,
  readSpeechFrame,
  refusedFailure,
  type SpeechFrame,
} from './elevenlabs-frames.ts';
import { SpeechRequests } from './elevenlabs-http.ts';
import type { Surroundings, Voice } from './ports.ts';
import { HANDSHAKE_MS, handshakeTimeout, type Line, openLine } from './socket.ts';
import { SpeechContext } from './speech-context.ts';

/** How long a context may stay without text before the vendor ends it, in s; 180 is its maximum. */
const INACTIVITY_S = 180;
/** Contexts alive on one socket, closing ones included; the vendor closes the whole socket at the sixth. */
const MAX_CONTEXTS = 5;

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

/** ElevenLabs over `multi-stream-input`: one socket a call, one context a reply; over HTTP where the route says so. */
export class ElevenLabs implements Voice {
  readonly #around: Surroundings;
  readonly #apiKey: string;
  readonly #url: string;
  readonly #requests: SpeechRequests;
  readonly #contexts = new Map<string, SpeechContext>();
  #connection: Connection = { state: 'closed' };

  constructor(config: SynthesiserConfig, voiceId: string, language: string, around: Surroundings) {
    this.#around = around;
    this.#apiKey = config.apiKey;
    const voice = `${config.baseUrl}/v1/text-to-speech/${encodeURIComponent(voiceId)}`;
    const query = new URLSearchParams({
      model_id: config.model,
      output_format: `pcm_${config.sampleRate}`,
      language_code: language.split('-')[0] ?? 'en',
    });
    this.#requests = new SpeechRequests(config, `${voice}/stream?${query}`, around);
    query.set('inactivity_timeout', String(INACTIVITY_S));
    query.set('auto_mode', 'true');
    this.#url = `${voice}/multi-stream-input?${query}`;
  }

  get deadline(): number | undefined {
    let due = this.#requests.deadline;
    if (this.#connection.state === 'opening') due = earliest(due, this.#connection.by);
    for (const context of this.#contexts.values()) due = earliest(due, context.deadline);
    return due;
  }

  prepare(): void {
    if (this.#connection.state === 'closed') void this.#open();
  }

  learn(_texts: readonly string[]): void {}

  say(reply: number, text: string, route: VoiceRoute): void {
    if (route === 'http') return this.#requests.say(reply, text);
    const id = contextId(reply);
    const context = this.#contexts.get(id) ?? this.#begin(id, reply);
    context.said(text, this.#around.now());
    this.#write({ text: `${text} `, context_id: id, flush: true });
  }

  finish(reply: number): void {
    const id = contextId(reply);
    const context = this.#contexts.get(id);
    if (context === undefined) return this.#requests.finish(reply);
    context.finish(this.#around.now());
    this.#settle(id, context);
  }

  cancel(reply: number): void {
    this.#requests.cancel(reply);
    const id = contextId(reply);
    const context = this.#contexts.get(id);
    if (context === undefined || context.state === 'cancelled') return;
    if (context.state !== 'closing') this.#write({ context_id: id, close_context: true });
    context.cancel();
  }

  tick(now: number): void {
    this.#requests.tick(now);
    if (this.#connection.state === 'opening' && now >= this.#connection.by) {
      return this.#lost(handshakeTimeout('ElevenLabs'));
    }
    for (const [id, context] of this.#contexts) {
      if (context.deadline === undefined || now < context.deadline) continue;
      if (context.state === 'closing') this.#over(id, context);
      else if (context.state === 'complete' && context.nearlyCovered) this.#closeContext(id, context);
      else return this.#lost({ kind: 'stalled', retryable: true, detail: 'ElevenLabs sent no audio' });
    }
  }

  close(): void {
    this.#requests.close();
    this.#drop();
  }

  #begin(id: string, reply: number): SpeechContext {
    // Replies are spoken one at a time, so what fills the socket are cancelled ones whose end has not come yet.
    if (this.#contexts.size >= MAX_CONTEXTS) this.#drop();
    const context = new SpeechContext(reply);
    this.#contexts.set(id, context);
    this.prepare();
    this.#write({ text: ' ', context_id: id });
    return context;
  }

  #write(message: Readonly<Record<string, unknown>>): void {
    const text = JSON.stringify(message);
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
    this.#contexts.clear();
  }
}

function contextId(reply: number): string {
  return `r${reply}`;
}
