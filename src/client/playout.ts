import { Utterance } from './utterance.ts';

/** What the player is told. Samples are mono -1..1 at the player's own rate; every order names its utterance. */
export type PlayoutOrder =
  | { readonly order: 'start'; readonly utteranceId: string }
  | { readonly order: 'complete'; readonly utteranceId: string }
  | { readonly order: 'interrupt'; readonly utteranceId: string }
  | { readonly order: 'pause'; readonly utteranceId: string }
  | { readonly order: 'resume'; readonly utteranceId: string }
  | { readonly order: 'audio'; readonly utteranceId: string; readonly samples: Float32Array };

/**
 * How far an utterance has been rendered, in ms of its own audio. `dry`: everything that has arrived is rendered, and it
 * waits for more. `ended` and `interrupted` are its last news.
 */
export interface PlayoutNews {
  readonly utteranceId: string;
  readonly renderedMs: number;
  readonly phase: 'playing' | 'paused' | 'dry' | 'ended' | 'interrupted';
}

/** The player's rate in Hz and its timing in ms; the defaults suit speech over a network that jitters. */
export interface PlayoutOptions {
  readonly sampleRate: number;
  readonly prebufferMs?: number;
  readonly fadeMs?: number;
  readonly reportEveryMs?: number;
}

/** Enough for audio that arrives in 20 to 40 ms pieces, paced at real time, with some jitter. */
const PREBUFFER_MS = 80;
/** After the queue has run dry once, the network has shown that it needs more. */
const PREBUFFER_AFTER_UNDERRUN_MS = 200;
/** Long enough not to click, short enough to feel like silence at once. */
const FADE_MS = 10;
const REPORT_EVERY_MS = 200;
/** A pause of which nothing more is heard ends by itself after this long, in ms; the server decides within a second. */
const MAX_PAUSE_MS = 3000;
/** Late audio of an utterance arrives within seconds of its end; older ids can be forgotten. */
const MAX_FINISHED_IDS = 64;

/**
 * Plays one utterance at a time from a queue of samples. It waits for a small buffer before it begins, fades out when
 * it is interrupted or paused, ignores audio of utterances that are over, and reports what was really rendered. A
 * paused utterance goes on with the very sample at which it was paused, at the latest after 3 s. A new utterance
 * replaces the one that plays.
 */
export class Playout {
  readonly #framesPerMs: number;
  readonly #fadeFrames: number;
  readonly #reportFrames: number;
  readonly #maxPauseFrames: number;
  readonly #report: (news: PlayoutNews) => void;
  readonly #finished = new Set<string>();
  #prebufferFrames: number;
  #current: Utterance | undefined;
  /** The fading rest of what was cut off; it sounds over whatever comes next. */
  #tail = new Float32Array(0);

  constructor(options: PlayoutOptions, report: (news: PlayoutNews) => void) {
    this.#framesPerMs = options.sampleRate / 1000;
    this.#prebufferFrames = Math.round((options.prebufferMs ?? PREBUFFER_MS) * this.#framesPerMs);
    this.#fadeFrames = Math.round((options.fadeMs ?? FADE_MS) * this.#framesPerMs);
    this.#reportFrames = Math.round((options.reportEveryMs ?? REPORT_EVERY_MS) * this.#framesPerMs);
    this.#maxPauseFrames = MAX_PAUSE_MS * this.#framesPerMs;
    this.#report = report;
  }

  obey(order: PlayoutOrder): void {
    const { utteranceId } = order;
    if (this.#finished.has(utteranceId)) return;
    if (order.order === 'start' || order.order === 'audio') this.#replaceOther(utteranceId);
    if (this.#current?.id === utteranceId) this.#obey(this.#current, order);
    else if (order.order === 'interrupt') this.#remember(utteranceId);
  }

  /** Fills `output` with the next samples, silence where there are none. */
  render(output: Float32Array): void {
    output.fill(0);
    const current = this.#current;
    if (current !== undefined && this.#sounding(current)) this.#play(current, output);
    if (current?.paused) this.#wait(current, output.length);
    this.#mixTail(output);
  }

  #replaceOther(id: string): void {
    if (this.#current?.id === id) return;
    if (this.#current !== undefined) this.#interrupt(this.#current);
    this.#current = new Utterance(id);
  }

  #obey(current: Utterance, order: PlayoutOrder): void {
    switch (order.order) {
      case 'start':
        break;
      case 'audio':
        current.push(order.samples);
        break;
      case 'complete':
        current.complete = true;
        break;
      case 'interrupt':
        this.#interrupt(current);
        break;
      case 'pause':
        this.#pause(current);
        break;
      case 'resume':
        this.#resume(current);
        break;
      default:
        order satisfies never;
    }
  }

  #sounding(current: Utterance): boolean {
    if (current.paused) return false;
    if (!current.buffering) return true;
    if (!current.complete && current.queuedFrames < this.#prebufferFrames) return false;
    current.buffering = false;
    return true;
  }

  #play(current: Utterance, output: Float32Array): void {
    const reportsBefore = Math.floor(current.renderedFrames / this.#reportFrames);
    const dry = current.take(output, this.#fadeFrames) < output.length;
    if (dry && current.complete) this.#finish(current, 'ended');
    else if (dry) this.#buffer(current);
    else if (Math.floor(current.renderedFrames / this.#reportFrames) > reportsBefore) {
      this.#tell(current, 'playing');
    }
  }

  #buffer(current: Utterance): void {
    const grown = Math.round(PREBUFFER_AFTER_UNDERRUN_MS * this.#framesPerMs);
    this.#prebufferFrames = Math.max(this.#prebufferFrames, grown);
    current.buffering = true;
    this.#tell(current, 'dry');
  }

  #interrupt(current: Utterance): void {
    if (current.audible) this.#tail = current.fadeOut(this.#fadeFrames);
    this.#finish(current, 'interrupted');
  }

  #pause(current: Utterance): void {
    if (current.paused) return;
    if (current.audible) this.#tail = current.fadeOut(this.#fadeFrames);
    current.pause();
    this.#tell(current, 'paused');
  }

  #wait(current: Utterance, frames: number): void {
    current.pausedFrames += frames;
    if (current.pausedFrames >= this.#maxPauseFrames) this.#resume(current);
  }

  /** Told at once, not with the next regular report: the listener's time runs again. */
  #resume(current: Utterance): void {
    if (!current.paused) return;
    current.resume();
    this.#tell(current, 'playing');
  }

  #finish(current: Utterance, phase: 'ended' | 'interrupted'): void {
    this.#current = undefined;
    this.#remember(current.id);
    this.#tell(current, phase);
  }

  #remember(utteranceId: string): void {
    this.#finished.add(utteranceId);
    if (this.#finished.size <= MAX_FINISHED_IDS) return;
    const [oldest] = this.#finished;
    if (oldest !== undefined) this.#finished.delete(oldest);
  }

  #tell(utterance: Utterance, phase: PlayoutNews['phase']): void {
    const renderedMs = utterance.renderedFrames / this.#framesPerMs;
    this.#report({ utteranceId: utterance.id, renderedMs, phase });
  }

  #mixTail(output: Float32Array): void {
    const count = Math.min(this.#tail.length, output.length);
    for (let i = 0; i < count; i++) output[i] = (output[i] ?? 0) + (this.#tail[i] ?? 0);
    if (count > 0) this.#tail = this.#tail.subarray(count);
  }
}
