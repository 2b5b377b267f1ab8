import type { RecogniserConfig } from '../../config.ts';
import type { CallEvent } from '../../conversation/events.ts';
import type { Seam } from './seam.ts';

export interface DialectOptions extends RecogniserConfig {
  /** Of the audio that will be sent, in Hz. */
  readonly samplingRate: number;
  /** A BCP-47 tag. */
  readonly language: string;
}

/** What differs between Deepgram's two streaming interfaces. One serves one connection. */
export interface Dialect {
  readonly path: string;
  /** The shortest and the longest frame of audio the interface is made for, in ms. */
  readonly frameMs: { readonly shortest: number; readonly longest: number };
  /** Whether the connection counts as open at its first message rather than at the handshake. */
  readonly opensWithMessage: boolean;
  /** The message that keeps a connection without audio open; where there is none, silence is sent. */
  readonly keepAlive: string | undefined;
  /** The message that asks for the final words. */
  readonly finalize: string;
  /** The message before our close. */
  readonly bye: string;
  parameters(options: DialectOptions): URLSearchParams;
  /** What the connection hears from now on is told as far as it is new at this seam. */
  begin(seam: Seam): void;
  /** The news in a message; none in a message of a type that says nothing about the conversation. Times are ms of the caller's audio in the call. */
  read(message: Record<string, unknown>): readonly CallEvent[];
}

/** Where a moment of the connection, in ms, lies in the caller's audio of the call, in ms. */
export type Placing = (connectionMs: number) => number;
