import { Buffer } from 'node:buffer';
import * as v from 'valibot';
import type { SynthesiserConfig } from '../config.ts';
import { earliest } from '../conversation/deadline.ts';
import type { Alignment, Failure, VoiceRoute } from '../conversation/events.ts';
import { SpeechRequests } from './elevenlabs-http.ts';
import type { Surroundings, Voice } from './ports.ts';
import { jsonObject, type Line, openLine, refusalFailure } from './socket.ts';
import { SpeechContext } from './speech-context.ts';

/** How long a context may stay without text before the vendor ends it, in s; 180 is its maximum. */
const INACTIVITY_S = 180;
/** Contexts alive on one socket, closing ones included; the vendor closes the whole socket at the sixth. */
const MAX_CONTEXTS = 4;

const times = v.object({
  chars: v.array(v.string()),
  charStartTimesMs: v.array(v.number()),
  charDurationsMs: v.array(v.number()),
});
const frame = v.object({
  audio: v.nullish(v.string()),
  isFinal: v.nullish(v.boolean()),
  alignment: v.nullish(times),
  contextId: v.nullish(v.string()),
  error: v.nullish(v.string()),
});

/** Errors after which the same request would fail again (ElevenLabs, socket errors). */
const FATAL_ERRORS: readonly string[] = [
  'invalid_api_key',
  'voice_id_does_not_exist',
  'quota_exceeded',
  'detected_unusual_activity',
  'unsupported_model',
];

/** ElevenLabs over `multi-stream-input`: one socket a call, one context a reply; over HTTP where the route says so. */
export class ElevenLabs implements Voice {
  readonly #around: Surroundings;
  readonly #config: SynthesiserConfig;
  readonly #url: string;
  readonly #requests: SpeechRequests;
  readonly #contexts = new Map<string, SpeechContext>();
  #line: Line | undefined;
  #opening: AbortController | undefined;
  /** Written while the socket opens. */
  #waiting: string[] = [];

  constructor(config: SynthesiserConfig, voiceId: string, language: string, around: Surroundings) {
    this.#around = around;
    this.#config = config;
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
    for (const context of this.#contexts.values()) due = earliest(due, context.deadline);
    return due;
  }

  prepare(): void {
    if (this.#line === undefined && this.#opening === undefined) void this.#open();
  }

  say(reply: number, text: string, route: VoiceRoute): void {
    if (route === 'http') return this.#requests.say(reply, text);
    const context = this.#contexts.get(contextId(reply)) ?? this.#begin(reply);
    const now = this.#around.now();
    context.said(text, now);
    this.#write({ text: `${text} `, context_id: contextId(reply), flush: true });
  }

  finish(reply: number): void {
    const context = this.#contexts.get(contextId(reply));
    if (context === undefined) return this.#requests.finish(reply);
    context.finish(this.#around.now());
    this.#settle(contextId(reply), context);
  }

  cancel(reply: number): void {
    this.#requests.cancel(reply);
    const id = contextId(reply);
    const context = this.#contexts.get(id);
    if (context === undefined) return;
    context.cancel();
    if (!context.closing) this.#closeContext(id, context);
  }

  tick(now: number): void {
    this.#requests.tick(now);
    for (const [id, context] of this.#contexts) {
      if (context.deadline === undefined || now < context.deadline) continue;
      if (context.cancelled) this.#contexts.delete(id);
      else if (context.closing || (context.complete && context.nearlyCovered))
        this.#closeContext(id, context);
      else return this.#lost({ kind: 'stalled', retryable: true, detail: 'ElevenLabs sent no audio' });
    }
  }

  close(): void {
    this.#requests.close();
    this.#contexts.clear();
    this.#drop();
  }

  #begin(reply: number): SpeechContext {
    // The socket is dropped rather than a sixth context opened; only cancelled ones can be that many.
    if (this.#contexts.size >= MAX_CONTEXTS) this.#drop();
    const context = new SpeechContext(reply);
    this.#contexts.set(contextId(reply), context);
    this.prepare();
    this.#write({ text: ' ', context_id: contextId(reply) });
    return context;
  }

  #write(message: Readonly<Record<string, unknown>>): void {
    const text = JSON.stringify(message);
    if (this.#line === undefined) this.#waiting.push(text);
    else this.#line.send(text);
  }

  async #open(): Promise<void> {
    const opening = new AbortController();
    this.#opening = opening;
    const opened = await openLine(
      this.#around.fetch,
      this.#url,
      { 'xi-api-key': this.#config.apiKey },
      {
        message: (data) => this.#message(data),
        closed: (code, reason) => this.#lost(closeFailure(code, reason)),
      },
      opening.signal,
    );
    if (opening.signal.aborted) return;
    this.#opening = undefined;
    if ('refusal' in opened) return this.#lost(refusalFailure('ElevenLabs', opened.refusal));
    this.#line = opened.line;
    for (const text of this.#waiting) opened.line.send(text);
    this.#waiting = [];
  }

  #message(data: string | ArrayBuffer): void {
    const parsed = v.safeParse(frame, typeof data === 'string' ? jsonObject(data) : undefined);
    if (!parsed.success) {
      return this.#lost({ kind: 'protocol', retryable: true, detail: 'ElevenLabs sent an unknown frame' });
    }
    const { error, contextId: id, isFinal } = parsed.output;
    if (error) return this.#lost(errorFailure(error));
    const context = this.#contexts.get(id ?? '');
    if (context === undefined) return;
    if (isFinal) return this.#final(id ?? '', context);
    this.#audio(context, parsed.output);
    this.#settle(id ?? '', context);
  }

  #audio(context: SpeechContext, news: v.InferOutput<typeof frame>): void {
    if (context.cancelled) return;
    const alignment = news.alignment ? alignmentOf(news.alignment) : undefined;
    const pcm = context.heard(Buffer.from(news.audio ?? '', 'base64'), alignment, this.#around.now());
    if (pcm.byteLength === 0) return;
    this.#around.report({ type: 'voice.audio', reply: context.reply, pcm, alignment });
  }

  /** A context is closed only when its audio has come: closing it with text in flight can lose that text. */
  #settle(id: string, context: SpeechContext): void {
    if (context.complete && context.covered && !context.closing) this.#closeContext(id, context);
  }

  #closeContext(id: string, context: SpeechContext): void {
    if (context.closing) return this.#final(id, context);
    context.close(this.#around.now());
    this.#write({ context_id: id, close_context: true });
  }

  #final(id: string, context: SpeechContext): void {
    this.#contexts.delete(id);
    if (!context.cancelled) this.#around.report({ type: 'voice.done', reply: context.reply });
  }

  /** The socket is gone. Replies that were being spoken fail; without any the next one opens a new socket. */
  #lost(failure: Failure): void {
    const living = [...this.#contexts.values()].filter((context) => !context.cancelled);
    this.#contexts.clear();
    this.#drop();
    for (const { reply } of living) this.#around.report({ type: 'voice.failed', reply, failure });
  }

  #drop(): void {
    this.#opening?.abort();
    this.#opening = undefined;
    this.#line?.close();
    this.#line = undefined;
    this.#waiting = [];
    for (const [id, context] of this.#contexts) if (context.cancelled) this.#contexts.delete(id);
  }
}

function contextId(reply: number): string {
  return `r${reply}`;
}

function alignmentOf(timed: v.InferOutput<typeof times>): Alignment {
  return {
    characters: timed.chars,
    startMs: timed.charStartTimesMs,
    endMs: timed.charStartTimesMs.map((start, i) => start + (timed.charDurationsMs[i] ?? 0)),
  };
}

function errorFailure(error: string): Failure {
  if (error === 'voice_id_does_not_exist') {
    return { kind: 'unknown-voice', retryable: false, detail: 'ElevenLabs does not know the voice' };
  }
  return { kind: 'refused', retryable: !FATAL_ERRORS.includes(error), detail: `ElevenLabs error ${error}` };
}

/** The error frame before a close may be lost; its message then stands in the reason. */
function closeFailure(code: number, reason: string): Failure {
  const fatal = /api key|voice_id|quota/i.test(reason);
  return { kind: 'closed', retryable: !fatal, detail: `ElevenLabs closed the socket with ${code}` };
}
