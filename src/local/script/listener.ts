import type { Heard, HeardWord, Listener, ListenOptions, Pauses } from '../sources.ts';
import { now } from '../wire/clock.ts';
import type { Script, Utterance } from './script.ts';
import type { Lines } from './stage.ts';

/** A frame with a sample this far from zero is speech; a caller's room noise stays below. */
const SPEECH_PEAK = 500;
const SAMPLES_PER_MS = 16;
const SCRIPTED_CONFIDENCE = 0.98;
/** `eagerLeadMs` of a script that does not say, for a client that asked for eager ends. */
const DEFAULT_EAGER_LEAD_MS = 100;

interface Burst {
  readonly utterance: Utterance | undefined;
  readonly startMs: number;
  /** End of the last frame of speech, in audio time and on the wall clock. */
  lastSpeechMs: number;
  lastSpeechAt: number;
  frames: number;
  /** How many words the interims have shown. */
  shown: number;
  /** A pause was told and speech has not gone on. */
  paused: boolean;
  /** Speech has gone on after a pause that was told. */
  resumed: boolean;
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
    else if (this.#isSilentEnough) this.#finish();
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
    if (burst.paused) this.#resume(burst);
    const { interimEveryFrames } = this.#script().recogniser;
    if (burst.frames % interimEveryFrames === 0) this.#interim(burst);
    if (this.#timer === undefined) this.#wait();
  }

  #begin(startMs: number): Burst {
    const burst: Burst = {
      utterance: this.#lines.take(),
      startMs,
      lastSpeechMs: startMs,
      lastSpeechAt: now(),
      frames: 0,
      shown: 0,
      paused: false,
      resumed: false,
    };
    this.#burst = burst;
    this.#report({ type: 'speech', startMs });
    return burst;
  }

  #resume(burst: Burst): void {
    burst.paused = false;
    burst.resumed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pauses.eagerPauseMs !== undefined) this.#report({ type: 'resumed', audioMs: this.#audioMs });
  }

  /**
   * Reveals the words that fit into the speech so far at their natural length. The last one lasts as long as the
   * speech: a gap behind it would be a pause.
   */
  #interim(burst: Burst): void {
    const { wordMs } = this.#script().recogniser;
    const fitting = Math.max(1, Math.floor((burst.lastSpeechMs - burst.startMs) / wordMs));
    const words = this.#heard(burst).slice(0, fitting);
    if (words.length === burst.shown) return;
    this.#show(
      burst,
      words.map((word, i) => (i === words.length - 1 ? { ...word, endMs: burst.lastSpeechMs } : word)),
    );
  }

  #show(burst: Burst, words: readonly HeardWord[]): void {
    if (words.length === 0 || burst.utterance?.interims === false) return;
    burst.shown = words.length;
    this.#report({ type: 'interim', audioMs: this.#audioMs, words });
  }

  /** One timer for the pause and the final; it looks again because speech may have gone on. */
  #wait(): void {
    const burst = this.#burst;
    this.#timer = undefined;
    const { finalDelayMs, silenceMs } = this.#script().recogniser;
    if (!burst || silenceMs !== undefined || this.#pauses.pauseMs === undefined) return;
    const finalAt = burst.lastSpeechAt + finalDelayMs;
    const pauseAt = finalAt - Math.min(this.#leadMs, finalDelayMs);
    const pauses = this.#leadMs > 0 && !burst.paused;
    if (pauses && now() >= pauseAt && now() < finalAt) {
      this.#pause(burst);
      this.#wait();
    } else if (now() >= finalAt) {
      this.#finish();
    } else {
      this.#timer = setTimeout(() => this.#wait(), (pauses ? pauseAt : finalAt) - now());
    }
  }

  get #isSilentEnough(): boolean {
    const { silenceMs } = this.#script().recogniser;
    if (!this.#burst || silenceMs === undefined || this.#pauses.pauseMs === undefined) return false;
    return this.#audioMs - this.#burst.lastSpeechMs >= silenceMs;
  }

  /** The caller has paused: the utterance is over, unless the script says that it goes on. */
  #finish(): void {
    this.#end(this.#burst?.utterance?.endsSpeech === false ? 'length' : 'pause');
  }

  get #leadMs(): number {
    const unsaid = this.#pauses.eagerPauseMs === undefined ? 0 : DEFAULT_EAGER_LEAD_MS;
    return this.#script().recogniser.eagerLeadMs ?? unsaid;
  }

  #pause(burst: Burst): void {
    burst.paused = true;
    this.#show(burst, this.#heard(burst));
    if (this.#pauses.eagerPauseMs !== undefined) this.#report({ type: 'eager', audioMs: this.#audioMs });
  }

  #end(end: 'pause' | 'asked' | 'length'): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const words = this.#burst ? this.#place(this.#burst) : [];
    this.#burst = undefined;
    this.#report({ type: 'final', audioMs: this.#audioMs, words, end });
  }

  #heard(burst: Burst): HeardWord[] {
    const most = burst.resumed ? undefined : burst.utterance?.wordsBeforePause;
    return this.#place(burst).slice(0, most);
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
