import type { Heard, HeardWord, Pauses, SegmentEnd } from '../sources.ts';
import type { FluxQuery, TurnThresholds } from './flux-query.ts';
import { rounded, seconds, writtenWords } from './transcript.ts';

type TurnEvent = 'Update' | 'StartOfTurn' | 'EagerEndOfTurn' | 'TurnResumed' | 'EndOfTurn';

/**
 * The confidence that a turn is over grows with the silence, fast at first: it is 0.5 after 120 ms and 0.7 after
 * 300 ms. The vendor's curve is not known; these are early enough to be of use and late enough for a pause for breath.
 */
const CONFIDENCE_GROWTH_MS = 220;
const CONFIDENCE_BEND = 0.6;
/** What the confidence stays at while the caller speaks. */
const SPEAKING_CONFIDENCE = 0.02;
const HIGHEST_CONFIDENCE = 0.99;

/**
 * The turns of one connection by Flux's grammar: `Update* StartOfTurn Update* (EagerEndOfTurn TurnResumed Update*)*
 * EagerEndOfTurn? EndOfTurn`, where an end right after an eager end has the eager transcript.
 */
export class Turns {
  thresholds: TurnThresholds;
  readonly #query: FluxQuery;
  readonly #updateMs: number;
  readonly #tell: (info: object) => void;
  #index = 0;
  #startMs = 0;
  #isOpen = false;
  /** The transcript of the eager end that is neither confirmed nor taken back. */
  #eagerText: string | undefined;
  /** Words of segments of this turn that are over, and of the running one. */
  #settled: readonly HeardWord[] = [];
  #running: readonly HeardWord[] = [];
  #updatedMs = 0;
  #spokeMs = 0;

  /** `tell` gets what a `TurnInfo` says; in silence one comes every `updateMs` of audio. */
  constructor(query: FluxQuery, updateMs: number, tell: (info: object) => void) {
    this.#query = query;
    this.thresholds = query.thresholds;
    this.#updateMs = updateMs;
    this.#tell = tell;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Tells what an open turn has so far. */
  flush(audioMs: number): void {
    if (this.#isOpen) this.#event('Update', audioMs);
  }

  hear(heard: Exclude<Heard, { type: 'failure' }>, audioMs: number): void {
    switch (heard.type) {
      case 'activity':
        if (heard.speaking) this.#spokeMs = heard.audioMs;
        // After an eager end only its confirmation or its withdrawal may follow.
        if (this.#eagerText !== undefined || audioMs - this.#updatedMs < this.#updateMs) return;
        return this.#event('Update', audioMs);
      case 'speech':
        return; // A turn starts with words, not with sound.
      case 'interim':
        return this.#interim(heard.words, audioMs);
      case 'eager':
        if (!this.#isOpen || this.#eagerText !== undefined) return;
        this.#eagerText = this.#transcript();
        return this.#event('EagerEndOfTurn', audioMs);
      case 'resumed':
        return this.#resume(audioMs);
      case 'final':
        return this.#final(heard.words, heard.end, audioMs);
      default:
        heard satisfies never;
    }
  }

  #interim(words: readonly HeardWord[], audioMs: number): void {
    if (words.length === 0) return;
    this.#running = words;
    if (!this.#isOpen) this.#begin(audioMs);
    else if (this.#eagerText === undefined) this.#event('Update', audioMs);
  }

  #begin(audioMs: number): void {
    this.#isOpen = true;
    this.#event('StartOfTurn', audioMs);
  }

  #resume(audioMs: number): void {
    if (this.#eagerText === undefined) return;
    this.#eagerText = undefined;
    this.#event('TurnResumed', audioMs);
  }

  #final(words: readonly HeardWord[], end: SegmentEnd, audioMs: number): void {
    if (words.length > 0) this.#running = words;
    if (!this.#isOpen && this.#running.length === 0) return;
    if (!this.#isOpen) this.#begin(audioMs);
    this.#settled = [...this.#settled, ...this.#running];
    this.#running = [];
    if (end === 'length' || this.#transcript() !== this.#eagerText) this.#resume(audioMs);
    if (end === 'length') return this.#event('Update', audioMs);
    this.#event('EndOfTurn', audioMs, this.#trigger(end));
    this.#next(audioMs);
  }

  #trigger(end: 'pause' | 'asked'): 'model' | 'manual' | 'timeout' {
    if (end === 'asked') return 'manual';
    return this.thresholds.timeoutMs < silenceFor(this.thresholds.end) ? 'timeout' : 'model';
  }

  #next(audioMs: number): void {
    this.#index += 1;
    this.#startMs = audioMs;
    this.#isOpen = false;
    this.#eagerText = undefined;
    this.#settled = [];
  }

  #event(event: TurnEvent, audioMs: number, trigger?: string): void {
    const written = this.#written();
    const multilingual = this.#query.model === 'flux-general-multi';
    this.#updatedMs = audioMs;
    this.#tell({
      event,
      turn_index: this.#index,
      audio_window_start: seconds(this.#startMs),
      audio_window_end: seconds(audioMs),
      transcript: written.join(' '),
      words: [...this.#settled, ...this.#running].map((heard, i) => ({
        word: written[i] ?? heard.word,
        confidence: rounded(heard.confidence),
        start: seconds(heard.startMs),
        end: seconds(heard.endMs),
      })),
      end_of_turn_confidence: this.#confidence(event, audioMs),
      ...(trigger ? { trigger } : {}),
      ...(multilingual ? { languages: ['en'], languages_hinted: this.#query.languageHints } : {}),
    });
  }

  #written(): string[] {
    return writtenWords([...this.#settled, ...this.#running], { punctuate: true, begins: true, ends: true });
  }

  #transcript(): string {
    return this.#written().join(' ');
  }

  #confidence(event: TurnEvent, audioMs: number): number {
    if (event === 'EndOfTurn') return rounded(this.thresholds.end);
    if (event === 'EagerEndOfTurn') return rounded(this.thresholds.eager ?? 0);
    const grown = this.#isOpen ? confidenceAfter(audioMs - this.#spokeMs) : 0;
    return rounded(Math.min(Math.max(grown, SPEAKING_CONFIDENCE), HIGHEST_CONFIDENCE));
  }
}

/** The silences after which the confidence reaches the thresholds; 1 is never reached. */
export function pausesFor({ end, eager, timeoutMs }: TurnThresholds): Pauses {
  return {
    pauseMs: Math.min(silenceFor(end), timeoutMs),
    eagerPauseMs: eager === undefined ? undefined : silenceFor(eager),
  };
}

function silenceFor(confidence: number): number {
  return CONFIDENCE_GROWTH_MS * (-Math.log(1 - confidence)) ** (1 / CONFIDENCE_BEND);
}

function confidenceAfter(silenceMs: number): number {
  return 1 - Math.exp(-((Math.max(0, silenceMs) / CONFIDENCE_GROWTH_MS) ** CONFIDENCE_BEND));
}
