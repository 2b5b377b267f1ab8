import { backlogAfter } from '../audio/pace.ts';
import { earliest } from './deadline.ts';
import { type Command, type Failure, send } from './events.ts';
import type { Recognition } from './plan.ts';
import { Reopening } from './reopening.ts';
import { HOLD_MS, Tape } from './tape.ts';

/** How long an asked-for final transcript may take before the words so far have to do, in ms. Deepgram often omits it: see its Finalize documentation. */
const FINALIZE_MS = 1000;
/** How long a hand-ended turn waits for a recogniser that is still opening, in ms. */
const OPENING_MS = 6000;
/** The caller's client is told from this many consecutive failures on: one that heals at once costs no words. */
const TELL_AFTER_FAILURES = 2;

/** A recogniser that refused for good is asked again by an `audio.start` only after so long, in ms: clients repeat it to find out whether they are connected. */
const REFUSED_MS = 30_000;

type State = 'shut' | 'opening' | 'open' | 'waiting' | 'deaf';

/** Words of an utterance that is not over, which a lost connection cannot take back. */
interface Segment {
  readonly text: string;
  readonly endMs: number;
}

/** The call's one recogniser: open or being reopened, with the audio that waits for it or may have to be heard again. */
export class Ear {
  readonly #speed: number;
  readonly #reopening: Reopening;
  /** Until when a recogniser that refused for good is not asked again. */
  #deafUntil = 0;
  readonly #tape = new Tape();
  #state: State = 'shut';
  #samplingRate = 0;
  #language = '';
  #reopenAt: number | undefined;
  /** Until when a hand-ended turn waits for its final words. */
  #finalizeBy: number | undefined;
  #overflowed = false;
  #segment: Segment | undefined;
  /** Where the words shown last end, in ms of the caller's audio. */
  #shownMs: number | undefined;
  /** How much audio waited when the recogniser was opened, in ms, and when that was. */
  #replay = { ms: 0, at: 0 };

  constructor({ recognisers, replaySpeed }: Recognition) {
    this.#speed = replaySpeed;
    this.#reopening = new Reopening(recognisers);
  }

  get open(): boolean {
    return this.#state === 'open';
  }

  get started(): boolean {
    return this.#state !== 'shut';
  }

  /** Caller audio received so far, in ms. */
  get receivedMs(): number {
    return this.#tape.endMs;
  }

  /** Where the last word heard ends, in ms of the caller's audio; 0 when nobody knows. */
  get heardMs(): number {
    return this.#tape.heardMs;
  }

  /** The words of the running utterance that will not change. */
  get segment(): Segment | undefined {
    return this.#segment;
  }

  /** True while the caller's words can be expected to arrive, now or after a reconnection. */
  get hears(): boolean {
    return this.#state !== 'shut' && this.#state !== 'deaf';
  }

  /** When the caller's audio had come to `ms`, as far as it is sent as it is spoken. */
  heardAt(ms: number, now: number): number {
    return now - Math.max(0, this.#tape.endMs - ms);
  }

  get finalizing(): boolean {
    return this.#finalizeBy !== undefined;
  }

  get deadline(): number | undefined {
    return earliest(this.#reopenAt, this.#finalizeBy);
  }

  /**
   * Opens the recogniser for this audio, or again when the audio changes or every recogniser had refused; otherwise the
   * same audio twice changes nothing.
   */
  start(samplingRate: number, language: string, now: number): readonly Command[] {
    const same = samplingRate === this.#samplingRate && language === this.#language;
    if (same && (this.hears || now < this.#deafUntil)) return [];
    const reopened = this.hears;
    this.#tape.runAt(samplingRate);
    this.#samplingRate = samplingRate;
    this.#language = language;
    this.#segment = undefined;
    this.#reopening.reset();
    return [...(reopened ? [{ type: 'recogniser.close' } as const] : []), this.#open()];
  }

  audio(pcm: Uint8Array): readonly Command[] {
    if (this.#state === 'shut') return [];
    if (this.#state === 'deaf') {
      this.#tape.skip(pcm);
      return [];
    }
    const dropped = this.#tape.record(pcm);
    if (this.#state === 'open') return [{ type: 'recogniser.audio', pcm }];
    if (!dropped || this.#overflowed) return [];
    this.#overflowed = true;
    return [
      send('voicechat.error', {
        code: 'audio_overflow',
        message: `The recogniser is not open; only the last ${HOLD_MS} ms of audio are kept for it.`,
        retryable: true,
      }),
    ];
  }

  /** The recogniser is open: it is given everything that is kept, in order. */
  opened(now: number): readonly Command[] {
    if (this.#state !== 'opening') return [];
    this.#state = 'open';
    this.#reopening.opened(now);
    this.#overflowed = false;
    this.#replay = { ms: this.#tape.heldMs, at: now };
    const { startMs: offsetMs, heard } = this.#tape;
    const held = this.#tape.pieces.map((pcm): Command => ({ type: 'recogniser.audio', pcm }));
    const all: readonly Command[] = [{ type: 'recogniser.begin', offsetMs, heard }, ...held];
    return this.#finalizeBy === undefined ? all : [...all, ...this.#finalize(now)];
  }

  /** How much of the audio that waited is still on its way to the recogniser, in ms. */
  behindMs(now: number): number {
    if (this.#state !== 'open') return 0;
    return backlogAfter(this.#replay.ms, this.#speed, now - this.#replay.at);
  }

  /** When the audio that waited will have reached the recogniser, in ms. */
  catchesUpAt(now: number): number {
    return now + this.behindMs(now) / this.#speed;
  }

  /** Words were shown that end at `endMs`. */
  shown(endMs: number | undefined): void {
    this.#shownMs = endMs;
  }

  /** The first words of the running utterance are settled. */
  settledSo(text: string, endMs: number): void {
    if (this.#state === 'open') this.#segment = { text, endMs };
  }

  /** These words, which end at `endMs`, need not be heard again. */
  heard(words: string, endMs: number | undefined): void {
    this.#segment = undefined;
    this.#shownMs = undefined;
    this.#reopening.proved();
    this.#tape.hear(words, endMs);
  }

  /** The words shown last were taken as they are. */
  took(words: string): void {
    this.heard(words, this.#shownMs);
  }

  /** There is no word up to `ms` that was not told. */
  listened(ms: number): void {
    if (this.#state === 'open') this.#tape.listened(ms);
  }

  failed(failure: Failure, now: number): readonly Command[] {
    if (this.#state !== 'opening' && this.#state !== 'open') return [];
    this.#segment = undefined;
    this.#reopenAt = this.#reopening.after(failure, now);
    if (this.#reopenAt === undefined) {
      this.#state = 'deaf';
      this.#deafUntil = now + REFUSED_MS;
      this.#finalizeBy = undefined;
      return [unavailable(false)];
    }
    this.#state = 'waiting';
    return this.#reopening.failures === TELL_AFTER_FAILURES ? [unavailable(true)] : [];
  }

  /** The caller has ended the turn by hand: asks for the final words. A second time within one turn changes nothing. */
  endTurn(now: number): readonly Command[] {
    if (this.#finalizeBy !== undefined || this.#state === 'shut' || this.#state === 'deaf') return [];
    this.#finalizeBy = now + OPENING_MS;
    return this.#state === 'open' ? this.#finalize(now) : [];
  }

  /** The final words have come, or do not matter any more. */
  settled(): void {
    this.#finalizeBy = undefined;
  }

  /** True when a hand-ended turn has waited long enough for its final words. */
  overdue(now: number): boolean {
    return this.#finalizeBy !== undefined && now >= this.#finalizeBy;
  }

  tick(now: number): readonly Command[] {
    if (this.#reopenAt === undefined || now < this.#reopenAt) return [];
    return [this.#open()];
  }

  #open(): Command {
    this.#state = 'opening';
    this.#reopenAt = undefined;
    return {
      type: 'recogniser.open',
      config: this.#reopening.choice,
      patience: this.#reopening.patience,
      samplingRate: this.#samplingRate,
      language: this.#language,
    };
  }

  #finalize(now: number): readonly Command[] {
    this.#finalizeBy = this.catchesUpAt(now) + FINALIZE_MS;
    return [{ type: 'recogniser.finalize' }];
  }
}

function unavailable(retryable: boolean): Command {
  return send('voicechat.error', {
    code: 'recogniser_unavailable',
    message: retryable
      ? 'The speech recogniser cannot be reached; it is being tried again and your audio is kept.'
      : 'The speech recogniser refused the call; you can go on by typing.',
    retryable,
  });
}
