import { now } from '../../src/local/wire/clock.ts';
import { Player } from '../support/player.ts';

/** What a listener reports, as the payload of `voicechat.playback.progress`. */
export type Heard = Readonly<{ utteranceId: string; playedMs: number; receivedMs: number; ended?: true }>;

interface Playing {
  readonly utteranceId: string;
  readonly player: Player;
  receivedMs: number;
  complete: boolean;
  /** It will sound no more: played to its end, or stopped. */
  over: boolean;
  reportedMs: number;
  reportedEnd: boolean;
  paused: boolean;
  /** When all that has come will have been played, on the clock of `now`. */
  dryAt: number;
}

/** A listener does not notice a shorter silence within an utterance, in ms. */
const NOTICEABLE_MS = 50;

/** The listener's end of the agent's utterances: the newest plays, and what was heard of it can be told. */
export class Loudspeaker {
  #playing: Playing | undefined;
  /** When the newest utterance began to arrive as audio, on the clock of `now`; 0 before. */
  firstAudioAt = 0;
  /** The silences within utterances because audio came after what there was had been played, in ms each. */
  readonly holes: number[] = [];

  /** Whether the agent can be heard, or is about to. */
  get sounding(): boolean {
    return this.#playing !== undefined && !this.#ended(this.#playing);
  }

  begin(utteranceId: string): void {
    this.#playing = {
      utteranceId,
      player: new Player(),
      receivedMs: 0,
      complete: false,
      over: false,
      reportedMs: 0,
      reportedEnd: false,
      paused: false,
      dryAt: 0,
    };
  }

  /** Audio of the utterance that is being sent; `ms` is its length. */
  receive(ms: number): void {
    const playing = this.#playing;
    if (playing === undefined) return;
    const at = now();
    if (playing.receivedMs === 0) this.firstAudioAt = at;
    else if (at - playing.dryAt > NOTICEABLE_MS && !playing.paused) this.holes.push(at - playing.dryAt);
    playing.player.received(ms, at);
    playing.receivedMs += ms;
    playing.dryAt = playing.player.endsAt(at);
  }

  complete(): void {
    if (this.#playing !== undefined) this.#playing.complete = true;
  }

  pause(): void {
    if (this.#playing === undefined) return;
    this.#playing.player.pause(now());
    this.#playing.paused = true;
  }

  resume(): void {
    if (this.#playing === undefined) return;
    this.#playing.player.resume(now());
    this.#playing.paused = false;
    this.#playing.dryAt = this.#playing.player.endsAt(now());
  }

  stop(): void {
    this.#playing?.player.pause(now());
    if (this.#playing !== undefined) this.#playing.over = true;
  }

  /** What there is to tell since the last report; undefined when nothing is. */
  report(): Heard | undefined {
    const playing = this.#playing;
    if (playing === undefined || playing.reportedEnd) return undefined;
    const heard = this.heard();
    if (heard === undefined || (heard.playedMs === playing.reportedMs && heard.ended === undefined))
      return undefined;
    playing.reportedMs = heard.playedMs;
    playing.reportedEnd = heard.ended === true;
    return heard;
  }

  /** What was heard of the newest utterance, told before or not. */
  heard(): Heard | undefined {
    const playing = this.#playing;
    if (playing === undefined) return undefined;
    const { utteranceId, player, receivedMs } = playing;
    const playedMs = Math.floor(player.playedMs(now()));
    return { utteranceId, playedMs, receivedMs, ...(this.#ended(playing) ? { ended: true } : {}) };
  }

  #ended({ over, complete, player, receivedMs }: Playing): boolean {
    return over || (complete && player.playedMs(now()) >= receivedMs);
  }
}
