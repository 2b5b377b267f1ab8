import type { TurnMetrics } from '../protocol/replies.ts';
import type { Message } from './events.ts';

/** What one call is about. Everything a conversation needs from outside comes in here or with an event. */
export interface CallPlan {
  readonly systemPrompt: string;
  /** What the prompt says besides once the call has to come to its end. */
  readonly timeLeftNote: string;
  readonly lines: Lines;
  readonly pace: Pace;
  /** Rate of the synthesiser's audio, in Hz. */
  readonly voiceRate: number;
  /** A new UUIDv7 for every call of it. */
  readonly mintId: () => string;
}

/** Fixed sentences, ready to be spoken. */
export interface Lines {
  readonly greeting: string;
  readonly filler: string;
  readonly apology: string;
  readonly wait: string;
  readonly stillThere: string;
  readonly couldNotHear: string;
  readonly backAgain: string;
  readonly optOut: string;
  readonly goodbye: string;
}

export interface Pace {
  /** Whether replies are begun before the turn is surely over. */
  readonly speculation: boolean;
  /** How long a silence is before the agent asks whether the caller is there, in ms. */
  readonly idlePromptMs: number;
  /** How much audio the listener is given ahead of what it has played, in ms. */
  readonly audioAheadMs: number;
  /** The longest a call may last, in ms. */
  readonly maxCallMs: number;
  /** How many tokens of the model a call may use up. */
  readonly maxTokens: number;
}

/** What the agent's side of a call needs to know of the rest of it. */
export interface MouthPlan {
  readonly voiceRate: number;
  /** How much audio the listener is given ahead of what it has played, in ms. */
  readonly audioAheadMs: number;
  readonly lines: Pick<Lines, 'apology' | 'filler' | 'goodbye' | 'backAgain'>;
  readonly mintId: () => string;
  /** What the model is to read; `pending` are words of the caller that are not remembered yet. */
  readonly messages: (pending?: string) => readonly Message[];
  /** A reply is over; `heard` are the words of it that sounded. */
  readonly over: (heard: string, interrupted: boolean, metrics: TurnMetrics) => void;
  /** These are the words that sounded of the interrupted reply that was over last. */
  readonly corrected: (heard: string, interrupted: boolean) => void;
}
