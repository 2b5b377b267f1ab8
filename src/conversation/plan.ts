import type { TurnMetrics } from '../protocol/replies.ts';
import type { Message } from './events.ts';

/** What one call is about. Everything a conversation needs from outside comes in here or with an event. */
export interface CallPlan {
  readonly systemPrompt: string;
  /** What the prompt says besides once the call has to come to its end. */
  readonly timeLeftNote: string;
  /** What the model is told that is to go on with an answer that broke off. */
  readonly goOnNote: string;
  readonly lines: Lines;
  readonly pace: Pace;
  readonly recognition: Recognition;
  readonly rival: RivalPlan;
  /** Rate of the synthesiser's audio, in Hz. */
  readonly voiceRate: number;
  /** Whether there is another voice to speak with when the chosen one fails. */
  readonly otherVoice: boolean;
  /** A new UUIDv7 for every call of it. */
  readonly mintId: () => string;
}

/** What the model is told of a call; `short`: it has to come to its end. */
export function promptOf({ systemPrompt, timeLeftNote }: CallPlan, short: boolean): string {
  return short ? `${systemPrompt}\n\n${timeLeftNote}` : systemPrompt;
}

/** Fixed sentences, ready to be spoken. */
export interface Lines {
  readonly greeting: string;
  readonly filler: string;
  /** What is said when the model has no answer: once, twice in a row, and before the call is given up. */
  readonly apology: string;
  readonly trouble: string;
  readonly breakdown: string;
  readonly wait: string;
  readonly stillThere: string;
  readonly couldNotHear: string;
  readonly backAgain: string;
  readonly optOut: string;
  readonly goodbye: string;
  /** Says that the answers are to be read, because there is no voice any more. */
  readonly voiceLost: string;
}

/** The second model, which is asked as well when the first is slow, or instead when it has failed. */
export interface RivalPlan {
  /** How long the first has for its first clause, in ms; 0: it is not hurried. */
  readonly afterMs: number;
  /** Whether it is another model, or of another account, so that it may answer where the first one refuses. */
  readonly differs: boolean;
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

export interface Recognition {
  /** How many recognisers are configured: the second takes turns with a first one that fails. */
  readonly recognisers: 1 | 2;
  /** How fast a recogniser takes audio that waited, in ms of audio for every ms. */
  readonly replaySpeed: number;
}

/** What the agent's side of a call needs to know of the rest of it. */
export interface MouthPlan {
  readonly voiceRate: number;
  /** How much audio the listener is given ahead of what it has played, in ms. */
  readonly audioAheadMs: number;
  readonly lines: Omit<Lines, 'greeting' | 'wait' | 'stillThere' | 'couldNotHear' | 'optOut'>;
  readonly otherVoice: boolean;
  readonly rival: RivalPlan;
  readonly goOnNote: string;
  readonly mintId: () => string;
  /** What the model is to read; `pending` are words of the caller that are not remembered yet. */
  readonly messages: (pending?: string) => readonly Message[];
  /** A reply is over; `heard` are the words of it that sounded. */
  readonly over: (heard: string, interrupted: boolean, metrics: TurnMetrics) => void;
  /** These are the words that sounded of the interrupted reply that was over last. */
  readonly corrected: (heard: string, interrupted: boolean) => void;
}
