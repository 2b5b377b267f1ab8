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
  /** That the request was not to blame: where it is not `retryable`, it may still succeed with another key or model. */
  readonly elsewhere?: true;
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

/** The models of a call: the one that is asked, and the one that helps it out. They may be the same. */
export type WhichModel = 'first' | 'second';

/** Which of the configured recognisers. */
export type RecogniserChoice = 'primary' | 'fallback';

/** What was heard of the caller's audio already, so that a recogniser that is given it again need not tell it again. */
export interface Heard {
  /** Where the last word heard ends, in ms of the caller's audio in this call. */
  readonly untilMs: number;
  /** False when nobody knows where it ends: it was before `untilMs`. */
  readonly exact: boolean;
  /** The last words heard. */
  readonly words: string;
}

/**
 * Everything that can happen to a call. `reply` is the number of the reply that the news belongs to, `ask` that of the
 * request to a model.
 */
export type CallEvent =
  /** The caller's client has its first connection, and has still to start the call. */
  | { readonly type: 'caller.connected' }
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
  /** The caller's words since the last final; replaces the previous interim. `endMs` as in `recogniser.final`. */
  | { readonly type: 'recogniser.interim'; readonly text: string; readonly endMs?: number | undefined }
  /** Of the caller's words since the last final these, the first, will not change. `endMs` as in `recogniser.final`. */
  | { readonly type: 'recogniser.segment'; readonly text: string; readonly endMs: number }
  /** The caller's audio up to `untilMs` of the call was listened to, and no word in it is still to be told. */
  | { readonly type: 'recogniser.listened'; readonly untilMs: number }
  /** The turn is probably over with these words, as cumulative as an interim; what is done on it must be free to be undone. */
  | { readonly type: 'recogniser.eager'; readonly text: string }
  /** The caller went on after a `recogniser.eager`. */
  | { readonly type: 'recogniser.resumed' }
  /** An utterance is over. `endMs`: where its last word ends, in ms of the caller's audio in this call. */
  | { readonly type: 'recogniser.final'; readonly text: string; readonly endMs: number | undefined }
  | { readonly type: 'recogniser.failed'; readonly failure: Failure }
  | { readonly type: 'model.text'; readonly ask: number; readonly text: string }
  /** The model wants the call to end once this answer was heard. */
  | { readonly type: 'model.end-call'; readonly ask: number; readonly outcome: Outcome }
  /** `cut`: the rest of the answer is withheld, by a limit of its length or by a filter. */
  | { readonly type: 'model.done'; readonly ask: number; readonly cut?: true }
  | { readonly type: 'model.failed'; readonly ask: number; readonly failure: Failure }
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
  /** Time has passed. `late`: the isolate was kept from telling so in time, and from everything else. */
  | { readonly type: 'tick'; readonly late?: boolean };

/** What the conversation wants done. The shell carries commands out in order and awaits none of them. */
export type Command =
  | {
      readonly type: 'recogniser.open';
      readonly config: RecogniserChoice;
      /** How many times as long as usual it may be silent before it counts as lost. */
      readonly patience: number;
      readonly samplingRate: number;
      readonly language: string;
    }
  /** The open recogniser is given audio from here on. `offsetMs`: where in the caller's audio of this call it begins. */
  | { readonly type: 'recogniser.begin'; readonly offsetMs: number; readonly heard: Heard | undefined }
  | { readonly type: 'recogniser.audio'; readonly pcm: Uint8Array }
  | { readonly type: 'recogniser.finalize' }
  | { readonly type: 'recogniser.close' }
  | {
      readonly type: 'model.ask';
      readonly ask: number;
      readonly model: WhichModel;
      readonly messages: readonly Message[];
    }
  | { readonly type: 'model.cancel'; readonly ask: number }
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
 * How text becomes audio: from the cache of fixed lines (`phrase`), over the call's socket, over one that is opened for
 * it (`fresh-socket`), with one HTTP request a piece, or so in another voice of the same vendor (`other-voice`).
 */
export type VoiceRoute = 'phrase' | 'socket' | 'fresh-socket' | 'http' | 'other-voice';

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
