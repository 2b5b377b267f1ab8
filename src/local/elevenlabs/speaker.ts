import type { Sources } from '../sources.ts';
import { now, until } from '../wire/clock.ts';
import { alignmentOf, normalizedAlignmentOf } from './alignment.ts';
import type { OutputFormat } from './format.ts';
import type { MultiFrame } from './frames.ts';
import { TextBuffer } from './text-buffer.ts';

/** The end of a chunk leaves as a frame of its own, without alignment, as on the vendor's wire. */
const TAIL_MS = 120;

/** A server frame without `contextId`; its keys are sorted and what is absent is null. */
export interface AudioFrame {
  readonly alignment: object | null;
  readonly audio: string | null;
  readonly isFinal: true | null;
  readonly normalizedAlignment: object | null;
}

interface SpeakerOptions {
  readonly sources: Sources;
  readonly voice: string;
  readonly format: OutputFormat;
  readonly autoMode: boolean;
  readonly send: (frame: AudioFrame) => void;
  readonly failed: (problem: unknown) => void;
}

/** Turns the text of one stream or context into audio frames, chunk after chunk. */
export class Speaker {
  readonly #options: SpeakerOptions;
  readonly #stop = new AbortController();
  readonly #buffer: TextBuffer;
  #settings: string | undefined;
  #speed = 1;
  /** The chunks before are sent when this resolves; it never rejects. */
  #spoken: Promise<void> = Promise.resolve();
  #freeAtMs = 0;

  constructor(options: SpeakerOptions) {
    this.#options = options;
    this.#buffer = new TextBuffer(options.autoMode);
  }

  /** Takes the settings of a first message; `false` when later ones differ from it. */
  configure({ voice_settings, generation_config }: MultiFrame): boolean {
    const first = this.#settings === undefined;
    const settings = voice_settings ? JSON.stringify(voice_settings) : '';
    if (first) {
      this.#settings = settings;
      this.#speed = voice_settings?.speed ?? 1;
      const schedule = generation_config?.chunk_length_schedule;
      if (schedule) this.#buffer.schedule = schedule;
    }
    return first || settings === '' || settings === this.#settings;
  }

  /** Adds text, and speaks what is ready; with `flush` all of it. */
  add(text: string, flush: boolean): void {
    const requestedAtMs = now();
    for (const chunk of this.#buffer.add(text, flush)) {
      for (const piece of this.#options.sources.pieces(chunk)) this.#enqueue(piece, requestedAtMs);
    }
  }

  /** Speaks what is left, then sends the final frame; resolves when it is sent, or after `stop`. */
  async finish(): Promise<void> {
    this.add('', true);
    await this.#spoken;
    if (this.#stop.signal.aborted) return;
    this.#options.send({ alignment: null, audio: null, isFinal: true, normalizedAlignment: null });
  }

  /** Nothing is sent from now on. */
  stop(): void {
    this.#stop.abort();
  }

  #enqueue(text: string, requestedAtMs: number): void {
    this.#spoken = this.#spoken
      .then(() => this.#speak(text, requestedAtMs))
      .catch((problem: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.failed(problem);
        this.stop();
      });
  }

  async #speak(text: string, requestedAtMs: number): Promise<void> {
    const { sources, voice, format, send } = this.#options;
    const { signal } = this.#stop;
    const { sampleRate } = format;
    const spoken = await sources.speak({
      text,
      voice,
      speed: this.#speed,
      sampleRate,
      requestedAtMs,
      signal,
    });
    if (!spoken) return;
    const alignment = alignmentOf(text, spoken);
    const startAtMs = Math.max(spoken.dueMs, this.#freeAtMs);
    for (const [i, samples] of framesOf(spoken.samples, sampleRate, spoken.frameMs).entries()) {
      if (!(await until(startAtMs + i * spoken.everyMs, signal))) return;
      this.#freeAtMs = startAtMs + (i + 1) * spoken.everyMs;
      send({
        alignment: i === 0 ? alignment : null,
        audio: Buffer.from(format.encode(samples)).toString('base64'),
        isFinal: null,
        normalizedAlignment: i === 0 ? normalizedAlignmentOf(alignment) : null,
      });
    }
  }
}

/** Frames of at most `frameMs`; audio that would fit one frame is a large one and a small tail. */
function framesOf(samples: Int16Array, sampleRate: number, frameMs: number): Int16Array[] {
  const length = Math.round((frameMs * sampleRate) / 1000);
  const tail = Math.round((TAIL_MS * sampleRate) / 1000);
  if (samples.length <= length && samples.length > 2 * tail) {
    return [samples.slice(0, -tail), samples.slice(-tail)];
  }
  const count = Math.ceil(samples.length / length);
  return Array.from({ length: count }, (_, i) => samples.slice(i * length, (i + 1) * length));
}
