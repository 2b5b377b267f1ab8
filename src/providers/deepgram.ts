import type { RecogniserConfig } from '../config.ts';
import { earliest } from '../conversation/deadline.ts';
import type { CallEvent, Failure } from '../conversation/events.ts';
import { Flux } from './flux.ts';
import { Nova } from './nova.ts';
import type { Recogniser, Surroundings } from './ports.ts';
import { jsonObject, type Line, openLine, type Refusal, refusalFailure } from './socket.ts';

/** The longest frame of audio Deepgram is sent, in ms; it asks for 20 to 250. */
const MAX_FRAME_MS = 240;
/** Audio that flows this long without any message from the recogniser means it has stalled, in ms. */
const STALL_MS = 5000;
/** How long the caller's audio may pause before silence takes its place where there is no keep-alive message, in ms. */
const SILENCE_AFTER_MS = 500;
/** How much silence is sent at a time, in ms. */
const SILENCE_MS = 160;
/** The rates Flux takes for linear16, in Hz. */
const FLUX_RATES: readonly number[] = [8000, 16_000, 24_000, 44_100, 48_000];
const FLUX_RATE_FOR_OTHERS = 16_000;

export interface DialectOptions extends RecogniserConfig {
  readonly samplingRate: number;
  readonly language: string;
}

/** What differs between Deepgram's two streaming interfaces. */
export interface Dialect {
  readonly path: string;
  readonly keepAliveMs: number | undefined;
  readonly minFrameMs: number;
  /** Whether the connection counts as open at its first message rather than at the handshake. */
  readonly opensWithMessage: boolean;
  parameters(options: DialectOptions): URLSearchParams;
  keepAlive(): string | undefined;
  finalize(): string;
  bye(): string;
  /** Times in the news are ms of audio sent on this connection. */
  read(message: Record<string, unknown>): readonly CallEvent[];
}

/** The rate the recogniser listens at when the caller speaks at `samplingRate`; equal wherever the model takes it. */
export function listeningRate(model: string, samplingRate: number): number {
  if (!isFlux(model) || FLUX_RATES.includes(samplingRate)) return samplingRate;
  return FLUX_RATE_FOR_OTHERS;
}

/** One Deepgram connection. `offsetMs` is the call audio that earlier connections were sent; times in news include it. */
export class Deepgram implements Recogniser {
  readonly #around: Surroundings;
  readonly #dialect: Dialect;
  readonly #samplingRate: number;
  readonly #offsetMs: number;
  readonly #abort = new AbortController();
  #line: Line | undefined;
  #over = false;
  #frame: Uint8Array[] = [];
  #frameBytes = 0;
  #sentAt: number;
  #silenceMs = 0;
  /** Since when audio has been flowing without an answer. */
  #unansweredSince: number | undefined;

  constructor(options: DialectOptions, offsetMs: number, around: Surroundings) {
    this.#around = around;
    this.#dialect = isFlux(options.model) ? new Flux() : new Nova();
    this.#samplingRate = options.samplingRate;
    this.#offsetMs = offsetMs;
    this.#sentAt = around.now();
    const url = `${options.baseUrl}${this.#dialect.path}?${this.#dialect.parameters(options)}`;
    void this.#open(url, options.apiKey);
  }

  get deadline(): number | undefined {
    if (this.#line === undefined || this.#over) return undefined;
    const idleMs = this.#dialect.keepAliveMs ?? (this.#silenceMs > 0 ? SILENCE_MS : SILENCE_AFTER_MS);
    const stallAt = this.#unansweredSince === undefined ? undefined : this.#unansweredSince + STALL_MS;
    return earliest(this.#sentAt + idleMs, stallAt);
  }

  audio(pcm: Uint8Array): void {
    const now = this.#around.now();
    this.#silenceMs = 0;
    this.#unansweredSince ??= now;
    this.#frame.push(pcm);
    this.#frameBytes += pcm.byteLength;
    if (this.#frameBytes >= this.#bytes(this.#dialect.minFrameMs)) this.#flush(now);
  }

  finalize(): void {
    this.#flush(this.#around.now());
    this.#line?.send(this.#dialect.finalize());
  }

  tick(now: number): void {
    if (this.#line === undefined || this.#over) return;
    if (this.#unansweredSince !== undefined && now - this.#unansweredSince >= STALL_MS) {
      return this.#fail({ kind: 'stalled', retryable: true, detail: 'Deepgram stopped answering' });
    }
    if (now >= (this.deadline ?? now)) this.#stayAlive(now);
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#line?.send(this.#dialect.bye());
    this.#line?.close();
    this.#abort.abort();
  }

  async #open(url: string, apiKey: string): Promise<void> {
    const opened = await openLine(
      this.#around.fetch,
      url,
      { Authorization: `Token ${apiKey}` },
      { message: (data) => this.#message(data), closed: (code) => this.#fail(closeFailure(code)) },
      this.#abort.signal,
    );
    if (this.#over) return;
    if ('refusal' in opened) return this.#fail(handshakeFailure(opened.refusal));
    this.#line = opened.line;
    this.#sentAt = this.#around.now();
    if (!this.#dialect.opensWithMessage) this.#around.report({ type: 'recogniser.open' });
  }

  #message(data: string | ArrayBuffer): void {
    this.#unansweredSince = undefined;
    const message = typeof data === 'string' ? jsonObject(data) : undefined;
    if (message === undefined) {
      return this.#fail({
        kind: 'protocol',
        retryable: true,
        detail: 'Deepgram sent something else than JSON',
      });
    }
    for (const event of this.#dialect.read(message)) {
      if (this.#over) return;
      if (event.type === 'recogniser.failed') return this.#fail(event.failure);
      this.#around.report(this.#inCallTime(event));
    }
  }

  #inCallTime(event: CallEvent): CallEvent {
    if (event.type !== 'recogniser.final' || event.endMs === undefined) return event;
    return { ...event, endMs: event.endMs + this.#offsetMs };
  }

  #stayAlive(now: number): void {
    const message = this.#dialect.keepAlive();
    if (message !== undefined) {
      this.#sentAt = now;
      this.#line?.send(message);
      return;
    }
    this.#silenceMs += SILENCE_MS;
    this.#frame.push(new Uint8Array(this.#bytes(SILENCE_MS)));
    this.#flush(now);
  }

  #flush(now: number): void {
    const frame = joined(this.#frame);
    this.#frame = [];
    this.#frameBytes = 0;
    this.#sentAt = now;
    const longest = this.#bytes(MAX_FRAME_MS);
    for (let at = 0; at < frame.byteLength; at += longest) this.#line?.send(frame.subarray(at, at + longest));
  }

  #bytes(ms: number): number {
    return Math.round((ms / 1000) * this.#samplingRate) * 2;
  }

  #fail(failure: Failure): void {
    if (this.#over) return;
    this.#over = true;
    this.#line?.close();
    this.#abort.abort();
    this.#around.report({ type: 'recogniser.failed', failure });
  }
}

function isFlux(model: string): boolean {
  return model.startsWith('flux');
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/** 1008 (DATA-0000) means the audio is not what was announced, which no second try can change. */
function closeFailure(code: number): Failure {
  return { kind: 'closed', retryable: code !== 1008, detail: `Deepgram closed the socket with ${code}` };
}

function handshakeFailure(refusal: Refusal): Failure {
  const failure = refusalFailure('Deepgram', refusal);
  const code = jsonObject(refusal.body)?.['err_code'];
  return typeof code === 'string' ? { ...failure, detail: `${failure.detail} ${code}` } : failure;
}
