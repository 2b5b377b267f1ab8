import type { Heard, HeardWord, Listener, ListenOptions, Pauses } from '../sources.ts';
import { now } from '../wire/clock.ts';
import type { Script, Utterance } from './script.ts';
import type { Lines } from './stage.ts';

/** A frame with a sample this far from zero is speech; a caller's room noise stays below. */
const SPEECH_PEAK = 500;
const SAMPLES_PER_MS = 16;
const SCRIPTED_CONFIDENCE = 0.98;

interface Burst {
  readonly utterance: Utterance | undefined;
  readonly startMs: number;
  /** End of the last frame of speech, in audio time and on the wall clock. */
  lastSpeechMs: number;
  lastSpeechAt: number;
  frames: number;
  eager: boolean;
}

/** Hears the script's next utterance in every burst of speech, with the script's delays. */
export class ScriptedListener implements Listener {
  readonly #script: () => Script;
  readonly #lines: Lines;
  readonly #report: (heard: Heard) => void;
  readonly #finishing = new Set<NodeJS.Timeout>();
  #pauses: Pauses;
  #audioMs = 0;
  #burst: Burst | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(script: () => Script, lines: Lines, options: ListenOptions, report: (heard: Heard) => void) {
    this.#script = script;
    this.#lines = lines;
    this.#pauses = options;
    this.#report = report;
  }

  write(samples: Int16Array): void {
    const startMs = this.#audioMs;
    this.#audioMs += samples.length / SAMPLES_PER_MS;
    const speaking = isSpeech(samples);
    if (speaking) this.#hearSpeech(startMs);
    this.#report({ type: 'activity', audioMs: this.#audioMs, speaking });
  }

  finish(): void {
    const timer = setTimeout(() => {
      this.#finishing.delete(timer);
      this.#end('asked');
    }, this.#script().recogniser.finishDelayMs);
    this.#finishing.add(timer);
  }

  retune(pauses: Pauses): void {
    this.#pauses = pauses;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const timer of this.#finishing) clearTimeout(timer);
    if (this.#burst?.utterance) this.#lines.giveBack(this.#burst.utterance);
    this.#burst = undefined;
  }

  #hearSpeech(startMs: number): void {
    const burst = this.#burst ?? this.#begin(startMs);
    burst.lastSpeechMs = this.#audioMs;
    burst.lastSpeechAt = now();
    burst.frames += 1;
    if (burst.eager) {
      burst.eager = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#report({ type: 'resumed', audioMs: this.#audioMs });
    }
    const { interimEveryFrames } = this.#script().recogniser;
    if (burst.utterance?.interims !== false && burst.frames % interimEveryFrames === 0) this.#interim(burst);
    if (this.#timer === undefined) this.#wait();
  }

  #begin(startMs: number): Burst {
    const burst: Burst = {
      utterance: this.#lines.take(),
      startMs,
      lastSpeechMs: startMs,
      lastSpeechAt: now(),
      frames: 0,
      eager: false,
    };
    this.#burst = burst;
    this.#report({ type: 'speech', startMs });
    return burst;
  }

  /** Reveals the words that fit into the speech so far at their natural length. */
  #interim(burst: Burst): void {
    const { wordMs } = this.#script().recogniser;
    const heard = Math.max(1, Math.floor((burst.lastSpeechMs - burst.startMs) / wordMs));
    const words = this.#place(burst).slice(0, heard);
    if (words.length > 0) this.#report({ type: 'interim', audioMs: this.#audioMs, words });
  }

  /** One timer for the eager end and the final; it looks again because speech may have gone on. */
  #wait(): void {
    const burst = this.#burst;
    this.#timer = undefined;
    if (!burst || this.#pauses.pauseMs === undefined) return;
    const { finalDelayMs, eagerLeadMs } = this.#script().recogniser;
    const finalAt = burst.lastSpeechAt + finalDelayMs;
    const eagerAt = finalAt - Math.min(eagerLeadMs, finalDelayMs);
    const wantsEager = this.#pauses.eagerPauseMs !== undefined && !burst.eager;
    if (wantsEager && now() >= eagerAt && now() < finalAt) {
      burst.eager = true;
      this.#report({ type: 'eager', audioMs: this.#audioMs });
      this.#wait();
    } else if (now() >= finalAt) {
      this.#end(burst.utterance?.endsSpeech === false ? 'length' : 'pause');
    } else {
      this.#timer = setTimeout(() => this.#wait(), (wantsEager ? eagerAt : finalAt) - now());
    }
  }

  #end(end: 'pause' | 'asked' | 'length'): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const words = this.#burst ? this.#place(this.#burst) : [];
    this.#burst = undefined;
    this.#report({ type: 'final', audioMs: this.#audioMs, words, end });
  }

  /** Gives each word its `wordMs`; the words that would lie beyond the speech share what is left of it. */
  #place(burst: Burst): HeardWord[] {
    const written = (burst.utterance?.text ?? '').split(/\s+/).filter((word) => word !== '');
    const { wordMs } = this.#script().recogniser;
    const speechMs = burst.lastSpeechMs - burst.startMs;
    const fitting = Math.min(written.length, Math.floor(speechMs / wordMs));
    const shareMs = (speechMs - fitting * wordMs) / Math.max(1, written.length - fitting);
    return written.map((word, i) => {
      const before = i < fitting ? i * wordMs : fitting * wordMs + (i - fitting) * shareMs;
      const startMs = burst.startMs + before;
      const endMs = startMs + (i < fitting ? wordMs : shareMs);
      return { word: spoken(word), written: word, startMs, endMs, confidence: SCRIPTED_CONFIDENCE };
    });
  }
}

function isSpeech(samples: Int16Array): boolean {
  return samples.some((sample) => sample >= SPEECH_PEAK || sample <= -SPEECH_PEAK);
}

function spoken(word: string): string {
  return word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '') || word;
}
