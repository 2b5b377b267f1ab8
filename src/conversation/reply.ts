import { LeadingSilence } from '../audio/leading-silence.ts';
import { durationMs } from '../audio/pcm.ts';
import type { Outcome } from '../outreach/outcome.ts';
import type { EndReason, SoundVerdict } from '../protocol/replies.ts';
import type { Alignment, CallEvent, VoiceRoute } from './events.ts';
import { PlaybackClock } from './playback.ts';
import { Race } from './race.ts';
import { SentAudio } from './sent-audio.ts';
import { MS_PER_CHARACTER, SpokenText } from './spoken.ts';

/** A caller may answer a question this long before its last sound, in ms. */
const ANSWER_LEAD_MS = 1500;
/** How long a listener that reports its playback may be behind the estimate when the audio should be over, in ms. */
const REPORT_GRACE_MS = 1000;
/** Words this far ahead count as sounding, because a recogniser's news is about what was said just now, in ms. */
const SOUNDING_MS = 300;

/**
 * Why the agent speaks: to open the call, to answer a turn, to ask whether anybody is there, or with a closing line
 * that is said to its end whatever the caller says.
 */
export type ReplyCause =
  | { readonly type: 'greeting' }
  | { readonly type: 'turn'; readonly turnId: string }
  | { readonly type: 'prompt' }
  | { readonly type: 'closing'; readonly turnId?: string };

/** The end of the call that follows a reply. */
export interface Ending {
  readonly reason: EndReason;
  readonly outcome: Outcome;
}

/** News of a model about one of its requests. */
export type ModelNews = Extract<CallEvent, { ask: number }>;
/** News of a model or the synthesiser about one reply. */
export type ReplyNews = ModelNews | Extract<CallEvent, { reply: number }>;
export type VoiceNews = Extract<ReplyNews, { type: 'voice.audio' | 'voice.done' }>;

/** How the turn went that a reply answers; times in ms since the epoch. */
export interface TurnFacts {
  readonly speechEndAt: number | undefined;
  readonly speculation: 'none' | 'hit' | 'miss';
  readonly wastedTokens: number;
}

/** Of a turn that was taken before its object died nothing is measured. */
export const UNKNOWN_TURN: TurnFacts = { speechEndAt: undefined, speculation: 'none', wastedTokens: 0 };

/** One turn of the agent, from the moment it is wanted until it has sounded. */
export class Reply {
  /** The synthesiser's news carries this number. */
  readonly number: number;
  readonly utteranceId: string;
  cause: ReplyCause;
  /** When the turn it answers was over, or the agent decided to speak. */
  wantedAt: number;
  turn: TurnFacts | undefined;
  /** The call ends when it has been heard. */
  ending: Ending | undefined;
  /** The requests to models for it. */
  readonly race = new Race();
  readonly spoken = new SpokenText();
  readonly playback = new PlaybackClock();
  readonly sentAudio: SentAudio;
  readonly #leading: LeadingSilence;
  readonly #voiceRate: number;
  /** Audio that has come from the synthesiser, and what of it is meant to be heard, in ms. */
  #cameMs = 0;
  #keptMs = 0;
  /** `thinking` until the first audio is sent, `sounding` while more may come, `tail` when all was sent and still plays. */
  stage: 'thinking' | 'sounding' | 'tail' | 'over' = 'thinking';
  /** The words it was begun on before the turn was over; undefined once the turn is. */
  speculation: string | undefined;
  /** Voice news that may not reach the caller yet, and pieces the synthesiser is not given yet. */
  backlog: VoiceNews[] = [];
  unsaid: string[] = [];
  /** Audio that waits until the listener has played what was sent before. */
  unsent: Uint8Array[] = [];
  /** All its audio has come, though not all may be sent. */
  allCame = false;
  /** The synthesiser has still to be told that there are no more pieces. */
  finishOwed = false;
  /** It has no voice, and is to be shown as text as soon as anything of it may reach the caller. */
  showOwed = false;
  route: VoiceRoute | 'none' = 'socket';
  /** It has no voice, and is saying so with a fixed line before it is shown as text. */
  tellsLoss = false;
  /** A model has given words of its own, and has given all of them. */
  modelSpoke = false;
  modelDone = false;
  filled = false;
  /** How many of its first words are none of what it has to say: they bridge a wait, or tell why it comes late. */
  introWords = 0;
  /** The caller is not there to hear it. */
  held = false;
  /** Tokens that came for it, and those of them that were thrown away. */
  tokens = 0;
  wastedTokens = 0;
  firstTokenAt: number | undefined;
  firstAudioAt: number | undefined;
  /** When the last news of it came, in ms. */
  progressAt: number;
  /** By when it is over although the listener reports that it is not, in ms. */
  overBy = Number.POSITIVE_INFINITY;
  /** Since when it is paused, because the caller made a sound. */
  pausedAt: number | undefined;
  pauses = 0;
  verdict: { readonly is: SoundVerdict; readonly afterMs: number } | undefined;

  constructor(number: number, utteranceId: string, cause: ReplyCause, voiceRate: number, now: number) {
    this.number = number;
    this.utteranceId = utteranceId;
    this.cause = cause;
    this.wantedAt = now;
    this.progressAt = now;
    this.#voiceRate = voiceRate;
    this.#leading = new LeadingSilence(voiceRate);
    this.sentAudio = new SentAudio(voiceRate);
  }

  /** Whether the news is about it, and still of interest. */
  owns(event: ReplyNews): boolean {
    return 'ask' in event ? this.race.find(event.ask) !== undefined : event.reply === this.number;
  }

  /** True while nothing of it may reach the caller: the turn may go on, somebody has begun to speak, or he is not there. */
  get withheld(): boolean {
    if (this.held || this.speculation !== undefined) return true;
    return this.stage === 'thinking' && this.pausedAt !== undefined;
  }

  /** Audio that has come and is meant to be heard, in ms. */
  get cameMs(): number {
    return this.#keptMs;
  }

  /** Audio that has come and is not sent yet, in ms. */
  get unsentMs(): number {
    return this.cameMs - this.playback.sentMs;
  }

  /** How long the text that the synthesiser was given and has not voiced will sound, as far as one can tell, in ms. */
  get unvoicedMs(): number {
    const unsaid = this.unsaid.reduce((sum, piece) => sum + piece.length, 0);
    return Math.max(0, this.spoken.unvoicedMs(this.cameMs) - unsaid * MS_PER_CHARACTER);
  }

  /** When all the audio that has come will have sounded, if it plays without a stop. */
  get soundsUntil(): number {
    return this.playback.endsAt + this.unsentMs;
  }

  /** Takes audio that has come; what is meant to be heard of it, without the silence at the reply's start, waits to be sent. */
  came(pcm: Uint8Array, alignment: Alignment | undefined): void {
    const kept = this.#leading.trim(pcm);
    this.spoken.voiced(alignment, this.#cameMs - this.#leading.trimmedMs);
    this.#cameMs += durationMs(pcm.byteLength, this.#voiceRate);
    this.#keptMs += durationMs(kept.byteLength, this.#voiceRate);
    if (kept.byteLength > 0) this.unsent.push(kept);
  }

  /** The next audio to be sent, at most `bytes` of it, which counts as sent; undefined when there is none. */
  send(bytes: number, now: number): Uint8Array | undefined {
    const next = this.unsent.shift();
    if (next === undefined) return undefined;
    const pcm = next.subarray(0, bytes);
    if (pcm.byteLength < next.byteLength) this.unsent.unshift(next.subarray(bytes));
    this.firstAudioAt ??= now;
    this.playback.sent(durationMs(pcm.byteLength, this.#voiceRate), now);
    this.sentAudio.push(pcm);
    return pcm;
  }

  /** True when it is a question whose end is as good as heard, so that a "yes" is an answer to it. */
  awaitsAnswer(now: number): boolean {
    const sent = this.stage === 'tail' || (this.modelDone && this.spoken.voicedAll);
    return sent && this.spoken.text.endsWith('?') && this.soundsUntil - now <= ANSWER_LEAD_MS;
  }

  /** The words that have sounded by `now`. A reply that could only be shown as text was read whole. */
  heard(now: number): string {
    if (this.route === 'none') return this.spoken.text;
    return this.#heard(this.playback.heardMs(now));
  }

  /** The words it has to say that have not sounded by `now`. */
  unheard(now: number): string {
    return unheardOf(this.spoken.text, this.heard(now), this.introWords);
  }

  /** The words that have sounded, or are sounding at this moment. */
  sounding(now: number): string {
    return this.#heard(this.playback.heardMs(now) + SOUNDING_MS);
  }

  /** The listener says that all of it has sounded. One that is paused cannot know. */
  get hasSounded(): boolean {
    return this.stage === 'tail' && this.pausedAt === undefined && this.playback.ended;
  }

  /** When a reply that was sent is over in any case. */
  get tailEnd(): number {
    const { playback, overBy } = this;
    return Math.min(playback.endsAt + (playback.hasReports ? REPORT_GRACE_MS : 0), overBy);
  }

  /** Whether these words, which were heard of it, are not all of it. */
  isCut(heard: string, interrupted: boolean): boolean {
    return heard !== this.spoken.text || (interrupted && !this.modelDone);
  }

  #heard(ms: number): string {
    return this.spoken.heard(ms, this.cameMs, this.allCame || this.stage === 'tail' || this.stage === 'over');
  }
}

/** What of `text` is left to be said when the words `heard` of it have sounded; its first `introWords` need not be. */
export function unheardOf(text: string, heard: string, introWords: number): string {
  return wordsOf(text)
    .slice(Math.max(wordsOf(heard).length, introWords))
    .join(' ');
}

export function wordsOf(text: string): readonly string[] {
  return text.split(' ').filter((word) => word !== '');
}
