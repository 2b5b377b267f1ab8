import { floatFromInt16 } from '../../../audio/pcm.ts';
import type { RecognisedWord, RecogniserNews } from '../ports.ts';
import { agreedWords } from './agreement.ts';
import type { Decoder, HeardWord } from './decoder.ts';
import { Liveliness } from './liveliness.ts';
import { FRAME_MS, FRAME_SAMPLES, type VoiceActivity } from './voice-activity.ts';

/** Hears finished speech a second time, as a whole: the level of the voice is known then. */
export type Review = (samples: Float32Array) => readonly HeardWord[];

/**
 * Shares of words that were right in the `recognition` benchmark's sentences outside the corpus: found by both
 * passes, by the second alone, and by a first pass without a second. They are a word's confidence.
 */
const CONFIDENCE = { agreed: 0.93, disputed: 0.7, single: 0.7 } as const;

/** Voiced frames in a row that begin a segment. */
const BEGIN_FRAMES = 3;
/** Of the last `LIVELY_WINDOW_FRAMES` so many must sound like a voice in motion, or it was only noise. */
const BEGIN_LIVELY_FRAMES = 3;
const LIVELY_WINDOW_FRAMES = 8;
/** Frames of a segment from before the voice was noticed; soft first sounds lie there. */
const PRE_ROLL_FRAMES = 6;
const RECENT_FRAMES = 24;
/** Silence after which the second pass begins, so that it is done when the segment is ended. */
const REVIEW_AFTER_MS = 150;
/** Longer speech is not heard a second time: the caller would wait too long. */
const LONGEST_REVIEW_MS = 10_000;
/** Endless speech is decoded in laps, cut at the first pause after this or at the latest after `LONGEST_LAP_MS`. */
const LAP_MS = 15_000;
const LONGEST_LAP_MS = 30_000;

interface Segment {
  readonly startMs: number;
  /** Words of the laps before this one. */
  readonly earlier: RecognisedWord[];
  lapStartMs: number;
  frames: Float32Array[];
  shown: string;
  reviewed: readonly HeardWord[] | undefined;
}

/** Turns one caller's samples into recogniser news: finds the voice, lets the decoder hear it, reports. */
export class Listener {
  readonly #decoder: Decoder;
  readonly #activity: VoiceActivity;
  readonly #review: Review | undefined;
  readonly #report: (news: RecogniserNews) => void;
  readonly #liveliness = new Liveliness();
  #carry = new Int16Array(0);
  #recent: { readonly samples: Float32Array; readonly lively: boolean }[] = [];
  #audioMs = 0;
  #silenceMs = 0;
  #voicedRun = 0;
  #segment: Segment | undefined;

  constructor(
    decoder: Decoder,
    activity: VoiceActivity,
    review: Review | undefined,
    report: (news: RecogniserNews) => void,
  ) {
    this.#decoder = decoder;
    this.#activity = activity;
    this.#review = review;
    this.#report = report;
  }

  /** Hears 16 kHz samples, in chunks of any size. */
  write(samples: Int16Array): void {
    const all = new Int16Array(this.#carry.length + samples.length);
    all.set(this.#carry);
    all.set(samples, this.#carry.length);
    let at = 0;
    for (; at + FRAME_SAMPLES <= all.length; at += FRAME_SAMPLES) {
      this.#hear(all.subarray(at, at + FRAME_SAMPLES));
    }
    this.#carry = all.slice(at);
  }

  /** Reports the segment's final words, none when no segment is open. */
  endSegment(): void {
    const segment = this.#segment;
    this.#segment = undefined;
    this.#voicedRun = 0;
    const words = segment === undefined ? [] : this.#finalWords(segment);
    this.#report({
      type: 'final',
      startMs: segment?.startMs ?? this.#audioMs,
      audioMs: this.#audioMs,
      words,
    });
  }

  /** Leaves the decoder outside an utterance. */
  close(): void {
    if (this.#segment !== undefined) this.#decoder.stop();
    this.#segment = undefined;
    this.#activity.free();
  }

  #hear(frame: Int16Array): void {
    const samples = floatFromInt16(frame);
    const voiced = this.#activity.voiced(frame);
    const lively = this.#liveliness.lively(samples);
    this.#audioMs += FRAME_MS;
    this.#silenceMs = voiced ? 0 : this.#silenceMs + FRAME_MS;
    if (this.#segment === undefined) this.#waitForVoice(samples, voiced, lively);
    else this.#follow(this.#segment, samples, voiced);
    this.#report({
      type: 'activity',
      audioMs: this.#audioMs,
      speaking: voiced && this.#segment !== undefined,
      silenceMs: this.#silenceMs,
    });
  }

  #waitForVoice(samples: Float32Array, voiced: boolean, lively: boolean): void {
    this.#recent.push({ samples, lively: voiced && lively });
    if (this.#recent.length > RECENT_FRAMES) this.#recent.shift();
    this.#voicedRun = voiced ? this.#voicedRun + 1 : 0;
    const livelyFrames = this.#recent.slice(-LIVELY_WINDOW_FRAMES).filter((recent) => recent.lively).length;
    if (this.#voicedRun < BEGIN_FRAMES || livelyFrames < BEGIN_LIVELY_FRAMES) return;
    const frames = this.#recent.slice(-this.#voicedRun - PRE_ROLL_FRAMES).map((recent) => recent.samples);
    this.#recent = [];
    this.#decoder.start();
    for (const earlier of frames) this.#decoder.hear(earlier);
    const lapStartMs = this.#audioMs - frames.length * FRAME_MS;
    const startMs = this.#audioMs - Math.min(this.#voicedRun, frames.length) * FRAME_MS;
    this.#segment = { startMs, earlier: [], lapStartMs, frames, shown: '', reviewed: undefined };
    this.#report({ type: 'speech', startMs });
  }

  #follow(segment: Segment, samples: Float32Array, voiced: boolean): void {
    const lapMs = this.#audioMs - segment.lapStartMs;
    if (lapMs > (voiced ? LONGEST_LAP_MS : LAP_MS)) this.#beginLap(segment);
    segment.frames.push(samples);
    this.#decoder.hear(samples);
    if (voiced) segment.reviewed = undefined;
    else if (this.#silenceMs === REVIEW_AFTER_MS) segment.reviewed = this.#reviewed(segment);
    const words = [...segment.earlier, ...placed(this.#decoder.words(), segment, () => CONFIDENCE.single)];
    const text = words.map(({ word }) => word).join(' ');
    if (text === segment.shown) return;
    segment.shown = text;
    this.#report({ type: 'partial', audioMs: this.#audioMs, words });
  }

  #beginLap(segment: Segment): void {
    segment.earlier.push(...placed(this.#decoder.finish(), segment, () => CONFIDENCE.single));
    segment.lapStartMs = this.#audioMs - FRAME_MS;
    segment.frames = [];
    this.#decoder.start();
  }

  #finalWords(segment: Segment): RecognisedWord[] {
    const first = this.#decoder.finish();
    const second = segment.reviewed ?? this.#reviewed(segment);
    if (second === undefined || second.length === 0)
      return [...segment.earlier, ...placed(first, segment, () => CONFIDENCE.single)];
    const agreed = agreedWords(
      first.map(({ word }) => word),
      second.map(({ word }) => word),
    );
    const confidence = (index: number): number => CONFIDENCE[agreed[index] === true ? 'agreed' : 'disputed'];
    return [...segment.earlier, ...placed(second, segment, confidence)];
  }

  #reviewed({ frames }: Segment): readonly HeardWord[] | undefined {
    if (frames.length * FRAME_MS > LONGEST_REVIEW_MS) return undefined;
    return this.#review?.(joined(frames));
  }
}

function joined(frames: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(frames.length * FRAME_SAMPLES);
  frames.forEach((frame, i) => {
    all.set(frame, i * FRAME_SAMPLES);
  });
  return all;
}

function placed(
  words: readonly HeardWord[],
  { lapStartMs }: Segment,
  confidence: (index: number) => number,
): RecognisedWord[] {
  return words.map(({ word, startMs, endMs }, index) => ({
    word,
    startMs: lapStartMs + startMs,
    endMs: lapStartMs + endMs,
    confidence: confidence(index),
  }));
}
