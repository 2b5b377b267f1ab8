import { durationMs } from '../audio/pcm.ts';
import { AudioRing } from '../audio/ring.ts';
import { earliest } from './deadline.ts';
import { type Command, type Failure, send } from './events.ts';

/** How much caller audio waits for a recogniser that is not open, in ms. */
const HOLD_MS = 12_000;
/** How long an asked-for final transcript may take before the words so far have to do, in ms. Deepgram often omits it: see its Finalize documentation. */
const FINALIZE_MS = 1000;
/** How long a hand-ended turn waits for a recogniser that is still opening, in ms. */
const OPENING_MS = 6000;
/** Pauses before the recogniser is opened again, by consecutive failures, in ms; the last one repeats. */
const REOPEN_AFTER_MS = [0, 250, 500, 1000, 2000, 5000] as const;
/** The shortest pause when the recogniser is asked too often, in ms (Deepgram, 429). */
const RATE_LIMITED_MS = 250;
/** A connection that held this long was sound; one that fails sooner counts with the failures before it, in ms. */
const STEADY_MS = 5000;
/** The caller's client is told from this many consecutive failures on: one that heals at once costs no words. */
const TELL_AFTER_FAILURES = 2;

type State = 'shut' | 'opening' | 'open' | 'waiting' | 'deaf';

/** The call's one recogniser: open or being reopened, with the audio that waits for it. */
export class Ear {
  #state: State = 'shut';
  #samplingRate = 0;
  #language = '';
  #ring = new AudioRing(0);
  #failures = 0;
  #openedAt = 0;
  #reopenAt: number | undefined;
  /** Until when a hand-ended turn waits for its final words. */
  #finalizeBy: number | undefined;
  #sentMs = 0;
  #overflowed = false;

  get started(): boolean {
    return this.#state !== 'shut';
  }

  /** Caller audio given to the recogniser so far, in ms. */
  get sentMs(): number {
    return this.#sentMs;
  }

  /** True while the caller's words can be expected to arrive, now or after a reconnection. */
  get hears(): boolean {
    return this.#state !== 'shut' && this.#state !== 'deaf';
  }

  /** When the caller's audio had come to `ms`, as far as it is sent as it is spoken. */
  heardAt(ms: number, now: number): number {
    return now - Math.max(0, this.#sentMs - ms);
  }

  get finalizing(): boolean {
    return this.#finalizeBy !== undefined;
  }

  get deadline(): number | undefined {
    return earliest(this.#reopenAt, this.#finalizeBy);
  }

  /** Opens the recogniser for this audio, or again when the audio changes; the same audio twice changes nothing. */
  start(samplingRate: number, language: string): readonly Command[] {
    if (this.#state !== 'shut' && samplingRate === this.#samplingRate && language === this.#language)
      return [];
    const reopened = this.#state !== 'shut';
    if (samplingRate !== this.#samplingRate) this.#ring = new AudioRing((HOLD_MS / 1000) * samplingRate * 2);
    this.#samplingRate = samplingRate;
    this.#language = language;
    this.#failures = 0;
    return [...(reopened ? [{ type: 'recogniser.close' } as const] : []), this.#open()];
  }

  audio(pcm: Uint8Array): readonly Command[] {
    if (this.#state === 'open') return [this.#hear(pcm)];
    if (this.#state === 'shut' || this.#state === 'deaf') return [];
    const dropped = this.#ring.push(pcm);
    if (dropped === 0 || this.#overflowed) return [];
    this.#overflowed = true;
    return [
      send('voicechat.error', {
        code: 'audio_overflow',
        message: `The recogniser is not open; only the last ${HOLD_MS} ms of audio are kept for it.`,
        retryable: true,
      }),
    ];
  }

  opened(now: number): readonly Command[] {
    if (this.#state !== 'opening') return [];
    this.#state = 'open';
    this.#openedAt = now;
    this.#overflowed = false;
    const held = this.#ring.drain().map((pcm) => this.#hear(pcm));
    return this.#finalizeBy === undefined ? held : [...held, ...this.#finalize(now)];
  }

  failed(failure: Failure, now: number): readonly Command[] {
    if (this.#state !== 'opening' && this.#state !== 'open') return [];
    const wasSteady = this.#state === 'open' && now - this.#openedAt >= STEADY_MS;
    this.#failures = wasSteady ? 1 : this.#failures + 1;
    if (!failure.retryable) {
      this.#state = 'deaf';
      this.#finalizeBy = undefined;
      return [unavailable(false)];
    }
    this.#state = 'waiting';
    const pause = REOPEN_AFTER_MS[Math.min(this.#failures, REOPEN_AFTER_MS.length) - 1] ?? 0;
    this.#reopenAt = now + (failure.kind === 'rate-limited' ? Math.max(pause, RATE_LIMITED_MS) : pause);
    return this.#failures === TELL_AFTER_FAILURES ? [unavailable(true)] : [];
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
      samplingRate: this.#samplingRate,
      language: this.#language,
      offsetMs: this.#sentMs,
    };
  }

  #hear(pcm: Uint8Array): Command {
    this.#sentMs += durationMs(pcm.byteLength, this.#samplingRate);
    return { type: 'recogniser.audio', pcm };
  }

  #finalize(now: number): readonly Command[] {
    this.#finalizeBy = now + FINALIZE_MS;
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
