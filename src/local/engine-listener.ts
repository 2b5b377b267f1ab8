import type { RecognisedWord, RecogniserEngine, RecogniserNews, RecogniserStream } from './engines/ports.ts';
import type { Heard, Listener, ListenOptions, Pauses, SegmentEnd } from './sources.ts';

/** At most one interim in this much audio, as a hosted recogniser sends them; the first of a segment comes at once. */
const INTERIM_MS = 250;
/**
 * Silence in which the words are told once more, for clients that read a pause from the audio an interim covers. The
 * local engine is busy hearing the segment a second time from 150 ms on, and tells nothing meanwhile.
 */
const PAUSE_INTERIM_MS = 120;

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
  /** The newest words of the segment, and the audio they were understood from. */
  #newest: Interim = NOTHING;
  /** The newest words were not told yet, because the interim before is too recent. */
  #held = false;
  #paused = false;
  #eager = false;
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
        this.#tellInTime(news.audioMs);
        return this.#weighPause(news.audioMs, news.speaking, news.silenceMs);
      case 'speech':
        this.#inSegment = true;
        return this.#report(news);
      case 'partial':
        this.#inSegment = true;
        this.#newest = { audioMs: news.audioMs, words: news.words };
        this.#held = true;
        return this.#tellInTime(news.audioMs);
      case 'final':
        return this.#final(news);
      default:
        news satisfies never;
    }
  }

  #final({ audioMs, words }: Extract<RecogniserNews, { type: 'final' }>): void {
    this.#inSegment = false;
    this.#newest = NOTHING;
    this.#held = false;
    this.#paused = false;
    this.#eager = false;
    this.#interimMs = Number.NEGATIVE_INFINITY;
    this.#report({ type: 'final', audioMs, words, end: this.#ends.shift() ?? 'length' });
  }

  #tellInTime(audioMs: number): void {
    if (this.#held && audioMs - this.#interimMs >= INTERIM_MS) this.#tell(this.#newest, audioMs);
  }

  #tell({ audioMs, words }: Interim, nowMs: number): void {
    this.#held = false;
    this.#interimMs = nowMs;
    this.#report({ type: 'interim', audioMs, words });
  }

  #weighPause(audioMs: number, speaking: boolean, silenceMs: number): void {
    if (!this.#inSegment || this.#ends.length > 0) return;
    if (speaking) return this.#goOn(audioMs);
    const { pauseMs, eagerPauseMs } = this.#pauses;
    const heardWords = this.#newest.words.length > 0;
    if (heardWords && !this.#paused && silenceMs >= PAUSE_INTERIM_MS) {
      this.#paused = true;
      this.#tell({ ...this.#newest, audioMs }, audioMs);
    }
    if (heardWords && !this.#eager && eagerPauseMs !== undefined && silenceMs >= eagerPauseMs) {
      this.#eager = true;
      if (this.#held) this.#tell(this.#newest, audioMs);
      this.#report({ type: 'eager', audioMs });
    }
    if (pauseMs !== undefined && silenceMs >= pauseMs) this.#endSegment('pause');
  }

  #goOn(audioMs: number): void {
    this.#paused = false;
    if (!this.#eager) return;
    this.#eager = false;
    this.#report({ type: 'resumed', audioMs });
  }

  #endSegment(end: SegmentEnd): void {
    this.#ends.push(end);
    this.#stream?.endSegment();
  }
}

interface Interim {
  readonly audioMs: number;
  readonly words: readonly RecognisedWord[];
}

const NOTHING: Interim = { audioMs: 0, words: [] };
