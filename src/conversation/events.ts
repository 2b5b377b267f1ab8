import type { Outcome } from '../outreach/outcome.ts';
import type { EndReason, ServerEvents } from '../protocol/replies.ts';
import type { Memory } from './memory.ts';

/** Trouble with a provider, as a value. `detail` names what happened for a log; it never holds spoken words or secrets. */
export interface Failure {
  readonly kind:
    | 'refused'
    | 'rate-limited'
    | 'unreachable'
    | 'timeout'
    | 'closed'
    | 'stalled'
    | 'protocol'
    | 'truncated'
    | 'unknown-voice';
  /** Whether the same request may succeed when it is made again. */
  readonly retryable: boolean;
  readonly detail: string;
}

/** Where characters of the agent's words sound: one entry per character, in ms from the start of the piece of audio they came with. */
export interface Alignment {
  readonly characters: readonly string[];
  readonly startMs: readonly number[];
  readonly endMs: readonly number[];
}

/** What the model reads; `system` comes first. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Everything that can happen to a call. `reply` is the number of the reply that the news belongs to. */
export type CallEvent =
  | { readonly type: 'caller.start'; readonly samplingRate: number; readonly language: string }
  /** 16-bit mono PCM at the `samplingRate` of the latest `caller.start`. */
  | { readonly type: 'caller.audio'; readonly pcm: Uint8Array }
  | { readonly type: 'caller.turn-end' }
  | { readonly type: 'caller.text'; readonly text: string }
  | {
      readonly type: 'caller.playback';
      readonly utteranceId: string;
      readonly playedMs: number;
      readonly ended: boolean;
      /** How much of its audio the client has, in ms; told once after a return. */
      readonly receivedMs?: number;
    }
  /** The caller's connection is gone, and he may come back. */
  | { readonly type: 'caller.lost' }
  /** The caller is there again, on a new connection. */
  | { readonly type: 'caller.returned' }
  | { readonly type: 'caller.hang-up' }
  | { readonly type: 'caller.gone' }
  | { readonly type: 'recogniser.open' }
  | { readonly type: 'recogniser.speech' }
  /** The caller's words since the last final; replaces the previous interim. */
  | { readonly type: 'recogniser.interim'; readonly text: string }
  /** The turn is probably over with these words, as cumulative as an interim; what is done on it must be free to be undone. */
  | { readonly type: 'recogniser.eager'; readonly text: string }
  /** The caller went on after a `recogniser.eager`. */
  | { readonly type: 'recogniser.resumed' }
  /** An utterance is over. `endMs`: where its last word ends, in ms of audio sent to the recogniser in this call. */
  | { readonly type: 'recogniser.final'; readonly text: string; readonly endMs: number | undefined }
  | { readonly type: 'recogniser.failed'; readonly failure: Failure }
  | { readonly type: 'model.text'; readonly reply: number; readonly text: string }
  /** The model wants the call to end once this reply was heard. */
  | { readonly type: 'model.end-call'; readonly reply: number; readonly outcome: Outcome }
  | { readonly type: 'model.done'; readonly reply: number }
  | { readonly type: 'model.failed'; readonly reply: number; readonly failure: Failure }
  /** 16-bit mono PCM at the synthesiser's rate, whole samples. */
  | {
      readonly type: 'voice.audio';
      readonly reply: number;
      readonly pcm: Uint8Array;
      readonly alignment: Alignment | undefined;
    }
  | { readonly type: 'voice.done'; readonly reply: number }
  | { readonly type: 'voice.failed'; readonly reply: number; readonly failure: Failure }
  /** A fixed line can be spoken at once, even with the synthesiser down. */
  | { readonly type: 'voice.ready'; readonly text: string }
  | { readonly type: 'tick' };

/** What the conversation wants done. The shell carries commands out in order and awaits none of them. */
export type Command =
  /** `offsetMs`: call audio that earlier connections were given. */
  | {
      readonly type: 'recogniser.open';
      readonly samplingRate: number;
      readonly language: string;
      readonly offsetMs: number;
    }
  | { readonly type: 'recogniser.audio'; readonly pcm: Uint8Array }
  | { readonly type: 'recogniser.finalize' }
  | { readonly type: 'recogniser.close' }
  | { readonly type: 'model.ask'; readonly reply: number; readonly messages: readonly Message[] }
  | { readonly type: 'model.cancel'; readonly reply: number }
  | { readonly type: 'voice.prepare' }
  /** Fixed lines that may be needed: each is to be made ready, and `voice.ready` reported. */
  | { readonly type: 'voice.learn'; readonly texts: readonly string[] }
  | { readonly type: 'voice.say'; readonly reply: number; readonly text: string; readonly route: VoiceRoute }
  | { readonly type: 'voice.finish'; readonly reply: number }
  | { readonly type: 'voice.cancel'; readonly reply: number }
  | SendCommand
  /**
   * The returned client is to get what it missed, before anything that is sent from now on. `unfinished` is an utterance
   * of which audio follows, so that its end must not be among it.
   */
  | { readonly type: 'caller.catch-up'; readonly unfinished: string | undefined }
  /** The call as it has to be remembered if its object dies now. */
  | { readonly type: 'remember'; readonly memory: Memory }
  | { readonly type: 'call.close'; readonly reason: EndReason };

/**
 * How text becomes audio: from the cache of fixed lines (`phrase`), over the call's socket, or with one HTTP request a
 * piece when the socket has failed.
 */
export type VoiceRoute = 'phrase' | 'socket' | 'http';

/** An event for the caller's client. */
export type SendCommand = {
  readonly [E in keyof ServerEvents]: {
    readonly type: 'send';
    readonly event: E;
    readonly payload: ServerEvents[E];
  };
}[keyof ServerEvents];

/** Builds a `send` command whose payload is checked against its event. */
export function send<E extends keyof ServerEvents>(event: E, payload: ServerEvents[E]): SendCommand {
  // The pair is correlated by E, which the compiler cannot carry through the union.
  return { type: 'send', event, payload } as SendCommand;
}

/** Builds a `caller.catch-up` command. */
export function catchUp(unfinished?: string): Command {
  return { type: 'caller.catch-up', unfinished };
}
