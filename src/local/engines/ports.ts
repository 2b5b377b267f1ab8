/** A recognised word with its place in the audio of the stream, in milliseconds since the stream's first sample. */
export interface RecognisedWord {
  readonly word: string;
  readonly startMs: number;
  readonly endMs: number;
  /** 0..1, as the engine estimates it. */
  readonly confidence: number;
}

/** What a recogniser stream reports; all times are milliseconds of audio written to this stream. */
export type RecogniserNews =
  /** The voice activity after each analysed frame; `silenceMs` is the silence since the last voiced frame. */
  | {
      readonly type: 'activity';
      readonly audioMs: number;
      readonly speaking: boolean;
      readonly silenceMs: number;
    }
  /** A segment of speech began. */
  | { readonly type: 'speech'; readonly startMs: number }
  /** The best guess for the running segment; replaces the previous one. */
  | { readonly type: 'partial'; readonly audioMs: number; readonly words: readonly RecognisedWord[] }
  /** The running segment is finished; `words` may be empty. The next speech begins a new segment. */
  | {
      readonly type: 'final';
      readonly startMs: number;
      readonly audioMs: number;
      readonly words: readonly RecognisedWord[];
    };

/** One caller's audio being recognised. News arrives in audio order. */
export interface RecogniserStream {
  /** Feeds 16 kHz mono samples, in any chunk size. */
  write(samples: Int16Array): void;
  /** Ends the running segment; answered by exactly one `final` after everything written so far was heard. */
  endSegment(): void;
  /** Frees the stream; no news after it. */
  close(): void;
}

/** A speech recogniser that runs on this machine. */
export interface RecogniserEngine {
  /** `keyterms` are words or phrases the caller is likely to say. */
  open(
    options: { readonly keyterms: readonly string[] },
    report: (news: RecogniserNews) => void,
  ): Promise<RecogniserStream>;
  close(): Promise<void>;
}

/** A voice the synthesiser can speak with. */
export interface EngineVoice {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Rendered speech with one timing entry for each UTF-16 code unit of the text that was asked for. */
export interface Speech {
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly startMs: readonly number[];
  readonly endMs: readonly number[];
}

/** A speech synthesiser that runs on this machine. */
export interface SynthesiserEngine {
  readonly voices: readonly EngineVoice[];
  /** Renders `text` whole; `speed` is 0.7..1.2, 1 the voice's own. Rejects for an unknown voice. */
  speak(request: { readonly text: string; readonly voice: string; readonly speed: number }): Promise<Speech>;
  close(): Promise<void>;
}
