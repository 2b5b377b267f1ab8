import { earliest } from '../../conversation/deadline.ts';
import type { CallEvent, Failure, Heard } from '../../conversation/events.ts';
import type { Recogniser, Surroundings } from '../ports.ts';
import {
  codesOf,
  HANDSHAKE_MS,
  handshakeTimeout,
  isTransient,
  jsonObject,
  type Line,
  openLine,
  type Refusal,
  unreachable,
} from '../socket.ts';
import { AudioClock } from './audio-clock.ts';
import { AudioFrames } from './audio-frames.ts';
import type { Dialect, DialectOptions } from './dialect.ts';
import { Flux } from './flux.ts';
import { Nova } from './nova.ts';
import { Outbox } from './outbox.ts';
import { Seam } from './seam.ts';

/** Audio of this length that has waited this long for any message means the recogniser has stalled, in ms. */
const STALL_MS = 5000;
/**
 * The same while words of the caller are under way: then Nova sends a result for every second of audio, and Flux one
 * for every quarter (Deepgram, interim results; Flux state machine). Of silence nobody promises that much.
 */
const STALL_IN_SPEECH_MS = 3000;
/** Deepgram closes a socket without audio or message after 10 s (NET-0001) and asks for KeepAlive every 3 to 5 s. */
const KEEP_ALIVE_MS = 4000;
/** How long the caller's audio may pause before silence takes its place where there is no keep-alive message, in ms. */
const SILENCE_AFTER_MS = 500;
/** How much silence is sent at a time, in ms. A connection begins with it: some have to hear audio to stay open. */
const SILENCE_MS = 160;
/** The rates Flux takes for linear16, in Hz. */
const FLUX_RATES: readonly number[] = [8000, 16_000, 24_000, 44_100, 48_000];
const FLUX_RATE_FOR_OTHERS = 16_000;

/** The rate, in Hz, that recognisers of these models listen at when the caller speaks at `samplingRate`; equal wherever all take it. */
export function listeningRate(models: readonly string[], samplingRate: number): number {
  if (!models.some(isFlux) || FLUX_RATES.includes(samplingRate)) return samplingRate;
  return FLUX_RATE_FOR_OTHERS;
}

export interface DeepgramOptions extends DialectOptions {
  /** How many times as long as usual it may be silent before it counts as lost; 1 if left out. */
  readonly patience?: number;
}

/** One Deepgram connection. Times in its news are ms of the caller's audio in the call. */
export class Deepgram implements Recogniser {
  readonly #around: Surroundings;
  readonly #dialect: Dialect;
  readonly #samplingRate: number;
  readonly #patience: number;
  readonly #frames: AudioFrames;
  readonly #clock: AudioClock;
  readonly #outbox: Outbox;
  readonly #handshake = new AbortController();
  readonly #openBy: number;
  #state: 'opening' | 'open' | 'over' = 'opening';
  #line: Line | undefined;
  #sentAt = 0;
  /** The last audio sent was ours, not the caller's. */
  #silent = true;
  /** Audio sent since the last message, and when its first frame was sent. */
  #unanswered = { bytes: 0, since: 0 };
  /** The caller's words are under way. */
  #inSpeech = false;
  #interim = '';

  constructor(options: DeepgramOptions, around: Surroundings) {
    this.#around = around;
    this.#clock = new AudioClock(options.samplingRate);
    const callMs = (ms: number) => this.#clock.callMs(ms);
    this.#dialect = isFlux(options.model)
      ? new Flux(callMs)
      : new Nova(options.eagerEotThreshold !== undefined, callMs);
    this.#outbox = new Outbox(options.samplingRate, options.replaySpeed, (data) => this.#transmit(data));
    this.#samplingRate = options.samplingRate;
    this.#patience = options.patience ?? 1;
    const { shortest, longest } = this.#dialect.frameMs;
    this.#frames = new AudioFrames(this.#bytes(shortest), this.#bytes(longest), (frame) =>
      this.#outbox.audio(frame, around.now()),
    );
    this.#openBy = around.now() + HANDSHAKE_MS;
    const url = `${options.baseUrl}${this.#dialect.path}?${this.#dialect.parameters(options)}`;
    void this.#open(url, options.apiKey);
  }

  get deadline(): number | undefined {
    if (this.#state === 'over') return undefined;
    if (this.#state === 'opening') return this.#openBy;
    return earliest(this.#outbox.readyAt ?? this.#idleUntil, this.#stalledAt);
  }

  begin(offsetMs: number, heard: Heard | undefined): void {
    this.#clock.begin(offsetMs);
    this.#dialect.begin(new Seam(heard));
  }

  audio(pcm: Uint8Array): void {
    this.#silent = false;
    this.#clock.spoke(pcm.byteLength / 2);
    this.#frames.push(pcm);
  }

  finalize(): void {
    this.#frames.flush();
    this.#outbox.text(this.#dialect.finalize);
  }

  tick(now: number): void {
    if (now < (this.deadline ?? Number.POSITIVE_INFINITY)) return;
    if (this.#state === 'opening') return this.#fail(handshakeTimeout('Deepgram'));
    if (now >= (this.#stalledAt ?? Number.POSITIVE_INFINITY)) {
      return this.#fail({ kind: 'stalled', retryable: true, detail: 'Deepgram stopped answering' });
    }
    if (this.#outbox.readyAt !== undefined) this.#outbox.tick(now);
    else this.#stayAlive(now);
  }

  close(): void {
    this.#line?.send(this.#dialect.bye);
    this.#end();
  }

  get #idleUntil(): number {
    if (this.#dialect.keepAlive !== undefined) return this.#sentAt + KEEP_ALIVE_MS;
    return this.#sentAt + (this.#silent ? SILENCE_MS : SILENCE_AFTER_MS);
  }

  get #stalledAt(): number | undefined {
    const { bytes, since } = this.#unanswered;
    const patienceMs = this.#patience * (this.#inSpeech ? STALL_IN_SPEECH_MS : STALL_MS);
    return bytes >= this.#bytes(patienceMs) ? since + patienceMs : undefined;
  }

  async #open(url: string, apiKey: string): Promise<void> {
    const opened = await openLine(
      this.#around.fetch,
      url,
      { Authorization: `Token ${apiKey}` },
      {
        message: (data) => this.#message(data),
        closed: (code, reason) => this.#fail(closeFailure(code, reason)),
      },
      this.#handshake.signal,
    );
    if (this.#state === 'over') return;
    if ('refusal' in opened) return this.#fail(handshakeFailure(opened.refusal));
    this.#line = opened.line;
    if (!this.#dialect.opensWithMessage) this.#opened();
  }

  #opened(): void {
    this.#state = 'open';
    this.#keepSilence();
    this.#around.report({ type: 'recogniser.open' });
  }

  #message(data: string | ArrayBuffer): void {
    this.#unanswered.bytes = 0;
    const message = typeof data === 'string' ? jsonObject(data) : undefined;
    if (message === undefined) {
      const detail = 'Deepgram sent something else than a JSON object';
      return this.#fail({ kind: 'protocol', retryable: true, detail });
    }
    for (const event of this.#dialect.read(message)) this.#pass(event);
  }

  #pass(event: CallEvent): void {
    if (this.#state === 'over') return;
    switch (event.type) {
      case 'recogniser.open':
        return this.#opened();
      case 'recogniser.failed':
        return this.#fail(event.failure);
      case 'recogniser.interim':
        this.#inSpeech = true;
        // Deepgram repeats itself while the caller pauses.
        if (event.text === this.#interim) return;
        this.#interim = event.text;
        return this.#around.report(event);
      case 'recogniser.speech':
        this.#inSpeech = true;
        return this.#around.report(event);
      case 'recogniser.listened':
        this.#inSpeech = false;
        return this.#around.report(event);
      case 'recogniser.final':
        this.#inSpeech = false;
        this.#interim = '';
        return this.#around.report(event);
      default:
        return this.#around.report(event);
    }
  }

  #stayAlive(now: number): void {
    const { keepAlive } = this.#dialect;
    if (keepAlive === undefined) return this.#keepSilence();
    this.#sentAt = now;
    this.#outbox.text(keepAlive);
  }

  #keepSilence(): void {
    const silence = new Uint8Array(this.#bytes(SILENCE_MS));
    this.#silent = true;
    this.#clock.filled(silence.byteLength / 2);
    this.#frames.push(silence);
  }

  #transmit(data: Uint8Array | string): void {
    if (typeof data !== 'string') {
      this.#sentAt = this.#around.now();
      if (this.#unanswered.bytes === 0) this.#unanswered.since = this.#sentAt;
      this.#unanswered.bytes += data.byteLength;
    }
    this.#line?.send(data);
  }

  #bytes(ms: number): number {
    return Math.round((ms / 1000) * this.#samplingRate) * 2;
  }

  #fail(failure: Failure): void {
    if (this.#state === 'over') return;
    this.#end();
    this.#around.report({ type: 'recogniser.failed', failure });
  }

  #end(): void {
    this.#state = 'over';
    this.#outbox.empty();
    if (this.#line === undefined) this.#handshake.abort();
    else this.#line.close();
  }
}

function isFlux(model: string): boolean {
  return model.startsWith('flux');
}

/** 1008 (DATA-0000) means the audio is not what was announced, which no second try can change. */
function closeFailure(code: number, reason: string): Failure {
  const known = /(net|data)-?\d{4}/i.exec(reason)?.[0] ?? '';
  const detail = `Deepgram closed the socket with ${code} ${known}`.trim();
  return { kind: 'closed', retryable: code !== 1008, detail };
}

/** The request id is what the vendor's support asks for. */
function handshakeFailure({ status, body }: Refusal): Failure {
  if (status === undefined) return unreachable('Deepgram');
  const { err_code: code, request_id: request } = jsonObject(body) ?? {};
  return {
    kind: status === 429 ? 'rate-limited' : 'refused',
    retryable: isTransient(status),
    detail: `Deepgram answered ${status} ${codesOf(code, request)}`.trim(),
  };
}
