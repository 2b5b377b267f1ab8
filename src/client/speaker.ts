import { floatFromInt16, int16FromBytes, SAMPLE_BYTES } from '../audio/pcm.ts';
import { Resampler } from '../audio/resample.ts';
import type { PlayoutNews } from './playout.ts';
import { SPEAKER_FILE, SPEAKER_PROCESSOR, type SpeakerNews, type SpeakerOrder } from './worklets.ts';

/** What the speaker tells. */
export interface SpeakerListener {
  playback(playback: Playback): void;
  /** How loud the agent is, root mean square, 0..1. */
  level(level: number): void;
}

/** What the caller has really heard of an utterance, in ms; `interrupted` when it was cut off before its end. */
export interface Playback {
  readonly utteranceId: string;
  readonly playedMs: number;
  /** How much audio of it had arrived, in ms. */
  readonly receivedMs: number;
  readonly phase: PlayoutNews['phase'];
}

/** How far an utterance has sounded, and how much of it has arrived, in ms; `ended` once it sounds no more. */
export interface LastPlayback {
  readonly utteranceId: string;
  readonly playedMs: number;
  readonly receivedMs: number;
  readonly ended: boolean;
}

/** Loads the player's worklet from `assets` and connects it to the context's output. */
export async function openSpeaker(
  context: AudioContext,
  assets: URL,
  listener: SpeakerListener,
): Promise<Speaker> {
  await context.audioWorklet.addModule(new URL(SPEAKER_FILE, assets));
  return new Speaker(context, listener);
}

/** Plays the agent's utterances through a worklet and reports what was heard. */
export class Speaker {
  readonly #context: AudioContext;
  readonly #listener: SpeakerListener;
  readonly #player: AudioWorkletNode;
  #arriving: Arriving | undefined;
  #drained: (() => void) | undefined;

  constructor(context: AudioContext, listener: SpeakerListener) {
    this.#context = context;
    this.#listener = listener;
    this.#player = new AudioWorkletNode(context, SPEAKER_PROCESSOR, {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    this.#player.connect(context.destination);
    this.#player.port.onmessage = (event: MessageEvent<SpeakerNews>) => this.#hear(event.data);
  }

  /** What was last told of the utterance that plays or was the last to play; `undefined` before the first. */
  get last(): LastPlayback | undefined {
    if (this.#arriving === undefined) return undefined;
    const { utteranceId, toldMs, receivedMs, over } = this.#arriving;
    return { utteranceId, playedMs: toldMs, receivedMs, ended: over };
  }

  /** Begins an utterance; a second time for the same one changes nothing. */
  start(utteranceId: string): void {
    if (this.#arriving?.utteranceId === utteranceId) return;
    this.#arriving = new Arriving(utteranceId, this.#context.sampleRate);
    this.#order({ order: 'start', utteranceId });
  }

  /** Queues 16-bit mono PCM of `sampleRate` Hz. */
  play(utteranceId: string, audio: Uint8Array, sampleRate: number): void {
    if (this.#arriving?.utteranceId !== utteranceId) this.start(utteranceId);
    if (this.#arriving?.over === false) this.#samples(utteranceId, this.#arriving.convert(audio, sampleRate));
  }

  /** No more audio of it comes; what is queued plays to its end. */
  complete(utteranceId: string): void {
    if (this.#arriving?.utteranceId === utteranceId) this.#samples(utteranceId, this.#arriving.finish());
    this.#order({ order: 'complete', utteranceId });
  }

  /** Silence at once; what is queued of it, and what still arrives, is dropped. */
  interrupt(utteranceId: string): void {
    this.#order({ order: 'interrupt', utteranceId });
  }

  /** Silence at once; what is queued is kept until `resume`. */
  pause(utteranceId: string): void {
    this.#order({ order: 'pause', utteranceId });
  }

  resume(utteranceId: string): void {
    this.#order({ order: 'resume', utteranceId });
  }

  /** Lowers the agent's voice to `gain` (0..1), or back to 1, without touching what is queued. */
  duck(gain: number): void {
    this.#order({ duckTo: gain });
  }

  /** Resolves when everything that has arrived was heard; at once if nothing plays. */
  drained(): Promise<void> {
    const arriving = this.#arriving;
    if (arriving === undefined || arriving.over) return Promise.resolve();
    this.complete(arriving.utteranceId);
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  close(): void {
    this.#player.port.onmessage = null;
    this.#player.disconnect();
    this.#over();
  }

  #samples(utteranceId: string, samples: Float32Array | undefined): void {
    if (samples === undefined || samples.length === 0) return;
    this.#order({ order: 'audio', utteranceId, samples }, [samples.buffer]);
  }

  #order(order: SpeakerOrder, transfer: Transferable[] = []): void {
    this.#player.port.postMessage(order, transfer);
  }

  #hear(news: SpeakerNews): void {
    if ('level' in news) this.#listener.level(news.level);
    else this.#playback(news);
  }

  #playback(news: PlayoutNews): void {
    // Rendered samples reach the ear after the output latency; those rendered before a stop can no longer be held back.
    const latencyMs = (this.#context.outputLatency || 0) * 1000;
    if (news.phase === 'playing') this.#tell(news, Math.max(0, news.renderedMs - latencyMs));
    else if (news.phase === 'ended' || news.phase === 'dry') {
      setTimeout(() => this.#tell(news, news.renderedMs), latencyMs);
    } else this.#tell(news, news.renderedMs);
  }

  #tell({ utteranceId, phase }: PlayoutNews, playedMs: number): void {
    const current = this.#arriving?.utteranceId === utteranceId ? this.#arriving : undefined;
    const toldMs = Math.round(Math.max(playedMs, current?.toldMs ?? 0));
    if (current !== undefined) current.toldMs = toldMs;
    const receivedMs = current?.receivedMs ?? playedMs;
    this.#listener.playback({ utteranceId, playedMs: toldMs, receivedMs, phase });
    if (current !== undefined && (phase === 'ended' || phase === 'interrupted')) this.#over();
  }

  #over(): void {
    if (this.#arriving !== undefined) this.#arriving.over = true;
    this.#drained?.();
    this.#drained = undefined;
  }
}

/** The utterance whose audio arrives: brings it to the context's rate, as one stream. */
class Arriving {
  readonly utteranceId: string;
  /** Nothing of it sounds any more. */
  over = false;
  /** The furthest report so far: what was heard before a pause stays heard. */
  toldMs = 0;
  readonly #toHz: number;
  #fromHz = 0;
  /** What arrived at rates before this one, in ms, and in samples at this one: adding up durations would be inexact. */
  #earlierMs = 0;
  #samples = 0;
  #resampler: Resampler | undefined;

  constructor(utteranceId: string, toHz: number) {
    this.utteranceId = utteranceId;
    this.#toHz = toHz;
  }

  /** How much of it has arrived, in ms. */
  get receivedMs(): number {
    return this.#earlierMs + (this.#fromHz === 0 ? 0 : (this.#samples / this.#fromHz) * 1000);
  }

  convert(audio: Uint8Array, fromHz: number): Float32Array {
    const rest = fromHz === this.#fromHz ? undefined : this.finish();
    this.#fromHz = fromHz;
    this.#resampler ??= new Resampler(fromHz, this.#toHz);
    this.#samples += audio.byteLength / SAMPLE_BYTES;
    const samples = this.#resampler.process(floatFromInt16(int16FromBytes(audio)));
    if (rest === undefined || rest.length === 0) return samples.slice();
    const joined = new Float32Array(rest.length + samples.length);
    joined.set(rest);
    joined.set(samples, rest.length);
    return joined;
  }

  /** What the resampler still holds. */
  finish(): Float32Array {
    const rest = this.#resampler?.flush() ?? new Float32Array(0);
    this.#earlierMs = this.receivedMs;
    this.#samples = 0;
    this.#resampler = undefined;
    this.#fromHz = 0;
    return rest;
  }
}
