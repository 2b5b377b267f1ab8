import type { RecognisedWord, RecogniserEngine, RecogniserNews, RecogniserStream } from './engines/ports.ts';
import type { Heard, Listener, ListenOptions, Pauses, SegmentEnd } from './sources.ts';

/** At most one interim in this much audio, as a hosted recogniser sends them; the first of a segment comes at once. */
const INTERIM_MS = 250;

/** Listens with a recogniser engine and ends segments by the caller's pauses, measured in audio time. */
export class EngineListener implements Listener {
  readonly #report: (heard: Heard) => void;
  readonly #waiting: Int16Array[] = [];
  /** Why each `endSegment` that has no `final` yet was called, in order. */
  readonly #ends: SegmentEnd[] = [];
  #stream: RecogniserStream | undefined;
  #pauses: Pauses;
  #finishesWaiting = 0;
  #inSegment = false;
  #heardWords = false;
  #eager = false;
  /** The newest interim, held back because the one before is too recent. */
  #held: readonly RecognisedWord[] | undefined;
  #interimMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(engine: RecogniserEngine, options: ListenOptions, report: (heard: Heard) => void) {
    this.#report = report;
    this.#pauses = options;
    engine
      .open({ keyterms: options.keyterms }, (news) => this.#hear(news))
      .then((stream) => this.#begin(stream))
      .catch((problem: unknown) => this.#fail(problem));
  }

  write(samples: Int16Array): void {
    // The frame is a view of the socket's buffer, which the engine's thread must not be sent whole.
    const own = samples.slice();
    if (this.#stream) this.#stream.write(own);
    else this.#waiting.push(own);
  }

  finish(): void {
    if (!this.#stream) {
      this.#finishesWaiting += 1;
      return;
    }
    this.#endSegment('asked');
  }

  retune(pauses: Pauses): void {
    this.#pauses = pauses;
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#stream?.close();
  }

  #begin(stream: RecogniserStream): void {
    if (this.#closed) return stream.close();
    this.#stream = stream;
    for (const samples of this.#waiting.splice(0)) stream.write(samples);
    for (; this.#finishesWaiting > 0; this.#finishesWaiting -= 1) this.#endSegment('asked');
  }

  #fail(problem: unknown): void {
    if (this.#closed) return;
    this.#report({ type: 'failure', detail: problem instanceof Error ? problem.message : String(problem) });
  }

  #hear(news: RecogniserNews): void {
    if (this.#closed) return;
    switch (news.type) {
      case 'activity':
        this.#report({ type: 'activity', audioMs: news.audioMs, speaking: news.speaking });
        if (news.audioMs - this.#interimMs >= INTERIM_MS) this.#tellHeld(news.audioMs);
        return this.#weighPause(news.audioMs, news.speaking, news.silenceMs);
      case 'speech':
        this.#inSegment = true;
        return this.#report(news);
      case 'partial':
        this.#inSegment = true;
        this.#heardWords = news.words.length > 0;
        this.#held = news.words;
        if (news.audioMs - this.#interimMs >= INTERIM_MS) this.#tellHeld(news.audioMs);
        return;
      case 'final':
        this.#inSegment = false;
        this.#heardWords = false;
        this.#eager = false;
        this.#held = undefined;
        this.#interimMs = Number.NEGATIVE_INFINITY;
        return this.#report({
          type: 'final',
          audioMs: news.audioMs,
          words: news.words,
          end: this.#ends.shift() ?? 'length',
        });
      default:
        news satisfies never;
    }
  }

  #tellHeld(audioMs: number): void {
    if (!this.#held) return;
    this.#report({ type: 'interim', audioMs, words: this.#held });
    this.#held = undefined;
    this.#interimMs = audioMs;
  }

  #weighPause(audioMs: number, speaking: boolean, silenceMs: number): void {
    if (!this.#inSegment || this.#ends.length > 0) return;
    const { pauseMs, eagerPauseMs } = this.#pauses;
    if (speaking && this.#eager) {
      this.#eager = false;
      this.#report({ type: 'resumed', audioMs });
    }
    if (speaking) return;
    if (eagerPauseMs !== undefined && this.#heardWords && !this.#eager && silenceMs >= eagerPauseMs) {
      this.#eager = true;
      this.#tellHeld(audioMs);
      this.#report({ type: 'eager', audioMs });
    }
    if (pauseMs !== undefined && silenceMs >= pauseMs) this.#endSegment('pause');
  }

  #endSegment(end: SegmentEnd): void {
    this.#ends.push(end);
    this.#stream?.endSegment();
  }
}
