import type { EngineVoice, RecognisedWord } from './engines/ports.ts';

/** A heard word; `written` is its form with capitals and punctuation where the source knows it. */
export interface HeardWord extends RecognisedWord {
  readonly written?: string;
}

/** Why a segment of speech ended. */
export type SegmentEnd =
  /** The caller paused for `pauseMs`. */
  | 'pause'
  /** `finish` was called. */
  | 'asked'
  /** The engine cut a long segment. */
  | 'length';

/** What a listener reports, in audio order; times are milliseconds of audio written to it. */
export type Heard =
  | { readonly type: 'activity'; readonly audioMs: number; readonly speaking: boolean }
  | { readonly type: 'speech'; readonly startMs: number }
  | { readonly type: 'interim'; readonly audioMs: number; readonly words: readonly HeardWord[] }
  /** The caller paused for `eagerPauseMs`; the segment is perhaps over. */
  | { readonly type: 'eager'; readonly audioMs: number }
  /** Speech went on after `eager`. */
  | { readonly type: 'resumed'; readonly audioMs: number }
  | {
      readonly type: 'final';
      readonly audioMs: number;
      readonly words: readonly HeardWord[];
      readonly end: SegmentEnd;
    }
  /** The source cannot go on. */
  | { readonly type: 'failure'; readonly detail: string };

/** Silence that ends a segment and silence that perhaps does, in milliseconds; `undefined` never. */
export interface Pauses {
  readonly pauseMs: number | undefined;
  readonly eagerPauseMs: number | undefined;
}

export interface ListenOptions extends Pauses {
  readonly keyterms: readonly string[];
}

/** One stream of the caller's audio being understood. */
export interface Listener {
  /** 16 kHz mono; one call for each frame of the client. */
  write(samples: Int16Array): void;
  /** Ends the running segment; answered by exactly one `final` with end `asked`, perhaps without words. */
  finish(): void;
  retune(pauses: Pauses): void;
  close(): void;
}

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

export interface ToolCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** A model's whole answer and how fast it is spoken. */
export interface ModelAnswer {
  readonly content: string;
  readonly refusal?: string | undefined;
  readonly toolCalls: readonly ToolCall[];
  readonly firstTokenMs: number;
  readonly tokensPerSecond: number;
  /** Cuts the response body into writes of this many bytes, inside lines and characters. */
  readonly splitBytes?: number | undefined;
}

export interface SpeakRequest {
  readonly text: string;
  /** An engine voice id. */
  readonly voice: string;
  /** 0.7..1.2 */
  readonly speed: number;
  /** The rate the samples shall have. */
  readonly sampleRate: number;
  /** When the text was complete, on `now()`. */
  readonly requestedAtMs: number;
  readonly signal: AbortSignal;
}

/** Rendered speech with one timing for each UTF-16 code unit of its text, and how it goes out. */
export interface SpokenText {
  readonly samples: Int16Array;
  readonly startMs: readonly number[];
  readonly endMs: readonly number[];
  /** When the first frame is due, on `now()`. */
  readonly dueMs: number;
  /** Longest piece of audio in one message, in milliseconds. */
  readonly frameMs: number;
  /** Time between two messages. */
  readonly everyMs: number;
}

/** What stands behind the three wires: the engines of this machine, or a script. */
export interface Sources {
  /** What listens, writes and speaks, in words for people. */
  readonly named: { readonly recogniser: string; readonly model: string; readonly synthesiser: string };
  readonly voices: readonly EngineVoice[];
  listen(options: ListenOptions, report: (heard: Heard) => void): Listener;
  /** `functions` are the names of the tools the request offers. */
  answer(messages: readonly ChatMessage[], functions: readonly string[]): ModelAnswer;
  /** The pieces of a text that are rendered one after the other, so that the first sounds early; joined they are it. */
  pieces(text: string): readonly string[];
  /** Resolves `undefined` when the signal was aborted first. */
  speak(request: SpeakRequest): Promise<SpokenText | undefined>;
}
