import type { TurnMetrics } from '../protocol/replies.ts';
import type { Alignment, VoiceRoute } from './events.ts';
import { PlaybackClock } from './playback.ts';
import { Sentences } from './sentences.ts';
import { SpokenText } from './spoken.ts';

/** A caller may answer a question this long before its last sound, in ms. */
const ANSWER_LEAD_MS = 1500;

/** Why the agent speaks: to open the call, to answer a turn, or to say a fixed line after which the call ends. */
export type ReplyCause =
  | { readonly type: 'greeting' }
  | { readonly type: 'turn'; readonly turnId: string }
  | { readonly type: 'farewell'; readonly turnId: string; readonly outcome: string };

/** One turn of the agent, from the moment it is wanted until it has sounded. */
export class Reply {
  /** Providers' news carries this number; it changes with every new attempt, which makes older news worthless. */
  number: number;
  readonly utteranceId: string;
  readonly cause: ReplyCause;
  readonly wantedAt: number;
  readonly sentences = new Sentences();
  readonly spoken = new SpokenText();
  readonly playback = new PlaybackClock();
  /** `thinking` until the first audio is sent, `sounding` while more may come, `tail` when all was sent and still plays. */
  stage: 'thinking' | 'sounding' | 'tail' = 'thinking';
  route: VoiceRoute | 'none' = 'socket';
  modelDone = false;
  attempts = 1;
  firstTokenAt: number | undefined;
  firstAudioAt: number | undefined;
  /** When the last news of it came, in ms. */
  progressAt: number;

  constructor(number: number, utteranceId: string, cause: ReplyCause, now: number) {
    this.number = number;
    this.utteranceId = utteranceId;
    this.cause = cause;
    this.wantedAt = now;
    this.progressAt = now;
  }

  /** Counts audio that is sent now; `ms` is its length. */
  audio(ms: number, alignment: Alignment | undefined, now: number): void {
    this.firstAudioAt ??= now;
    this.stage = 'sounding';
    this.spoken.voiced(alignment, this.playback.sentMs);
    this.playback.sent(ms, now);
  }

  /** True when it is a question whose end is as good as heard, so that a "yes" is an answer to it. */
  awaitsAnswer(now: number): boolean {
    return (
      this.stage === 'tail' && this.spoken.text.endsWith('?') && this.playback.endsAt - now <= ANSWER_LEAD_MS
    );
  }

  /** The words that have sounded by `now`. A reply that could only be shown as text was read whole. */
  heard(now: number): string {
    if (this.route === 'none') return this.spoken.text;
    return this.spoken.heard(this.playback.heardMs(now), this.playback.sentMs);
  }

  metrics(interrupted: boolean, now: number): TurnMetrics {
    const since = (at: number | undefined) => (at === undefined ? undefined : at - this.wantedAt);
    return {
      utteranceId: this.utteranceId,
      ...(this.cause.type === 'greeting' ? {} : { turnId: this.cause.turnId }),
      ...optional('firstTokenMs', since(this.firstTokenAt)),
      ...optional('firstAudioMs', since(this.firstAudioAt)),
      speculation: 'none',
      wastedTokens: 0,
      pauses: 0,
      sentMs: Math.round(this.playback.sentMs),
      heardMs: Math.round(this.playback.heardMs(now)),
      wordsSaid: wordCount(this.spoken.text),
      wordsHeard: wordCount(this.heard(now)),
      interrupted,
    };
  }
}

function optional<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  // A computed key widens to string; the record has exactly K.
  return value === undefined ? {} : ({ [key]: value } as Record<K, number>);
}

function wordCount(text: string): number {
  return text === '' ? 0 : text.split(' ').length;
}
