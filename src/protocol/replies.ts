import type { RefusalCode } from './requests.ts';

/** What the agent is doing, as the caller may want to see it. */
export type CallState = 'listening' | 'thinking' | 'speaking';

/** Trouble that answers no request. */
export type TroubleCode =
  | 'audio_overflow'
  | 'recogniser_unavailable'
  | 'model_unavailable'
  | 'synthesiser_unavailable'
  | 'too_many_messages'
  | 'too_many_bytes'
  | 'budget_spent'
  | 'internal';

/** Where a provider runs: on this machine, at the vendor, or nowhere yet because its key is missing. */
export type ProviderPlace = 'local' | 'live' | 'missing';

/** Payloads the server sends unasked, by event type. Durations are ms, timestamps ms since the epoch. */
export interface ServerEvents {
  'connection.ack': {
    success: true;
    providers: { stt: ProviderPlace; llm: ProviderPlace; tts: ProviderPlace };
    voices: readonly { id: string; name: string }[];
    version: string;
    /** With it a client that lost its connection comes back to the call; a secret of this client, the same for the whole call. */
    resumeToken: string;
    /** The connection goes on with a call that is under way. */
    resumed: boolean;
  };
  'voicechat.state': { state: CallState };
  'voicechat.transcript.interim': { text: string; turnId: string };
  'voicechat.transcript.final': { text: string; turnId: string };
  'voicechat.response.start': { utteranceId: string; timestamp: number };
  /** The next piece of what the agent says, in order; the pieces of an utterance joined by spaces are its text. */
  'voicechat.response.text': { utteranceId: string; text: string };
  /** 16-bit little-endian mono PCM, whole samples, never empty; `sampleRate` in Hz. */
  'voicechat.response.chunk': { audio: Uint8Array; utteranceId: string; sampleRate: number };
  'voicechat.response.complete': { utteranceId: string };
  'voicechat.response.interrupt': { utteranceId: string; timestamp: number };
  'voicechat.response.stop': { utteranceId: string; timestamp: number };
  /** Stop playing, keep everything: a `resume` or an `interrupt` follows within a second. */
  'voicechat.response.pause': { utteranceId: string };
  /** Go on with the very sample at which it was paused. */
  'voicechat.response.resume': { utteranceId: string };
  'voicechat.turn.metrics': TurnMetrics;
  'voicechat.error': { message: string; code: TroubleCode; retryable: boolean };
  /** The call will be ended in `remainingMs`, because it has lasted long enough. */
  'voicechat.call.warning': { remainingMs: number };
  'voicechat.call.ended': { reason: EndReason; outcome?: string; latency: LatencySummary };
}

/**
 * What one agent turn was like. Times count from the end of the caller's speech, or from the end of the turn where the
 * former is unknown (typed words, fixed lines), in ms; one that did not happen is absent.
 */
export interface TurnMetrics {
  readonly utteranceId: string;
  /** The caller turn it answers; absent where the agent spoke by itself. */
  readonly turnId?: string;
  /** Until the turn was taken to be over. */
  readonly endOfTurnMs?: number;
  /** Until the model's first token. */
  readonly firstTokenMs?: number;
  /** Until the first audio was sent. */
  readonly firstAudioMs?: number;
  /** Until the first audio was heard, by the client's report. */
  readonly firstHeardMs?: number;
  /** Whether the reply was begun before the turn was over: `hit` if it was the one that was spoken, `miss` if another was. */
  readonly speculation: 'none' | 'hit' | 'miss';
  /** Tokens of replies to this turn that were begun and thrown away. */
  readonly wastedTokens: number;
  /** How often it was paused because the caller made a sound. */
  readonly pauses: number;
  /** What the last such sound was, and how long that took to find out. */
  readonly verdict?: SoundVerdict;
  readonly verdictMs?: number;
  /** Audio sent, and the part of it that sounded. */
  readonly sentMs: number;
  readonly heardMs: number;
  readonly wordsSaid: number;
  readonly wordsHeard: number;
  readonly interrupted: boolean;
}

/** What a sound of the caller was that fell into the agent's speech. */
export type SoundVerdict = 'interruption' | 'backchannel' | 'echo' | 'noise';

/** Percentiles (nearest rank) over the turns of a call, in ms; counted as in `TurnMetrics`, absent without a measured turn. */
export interface LatencySummary {
  readonly turns: number;
  readonly endOfTurnMs?: Percentiles;
  readonly firstTokenMs?: Percentiles;
  readonly firstAudioMs?: Percentiles;
  readonly firstHeardMs?: Percentiles;
}

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Why a call ended. */
export type EndReason =
  | 'caller_hung_up'
  | 'agent_ended'
  | 'caller_silent'
  | 'max_duration'
  | 'budget_spent'
  /** Nobody came back in time after the caller's connection was lost. */
  | 'abandoned'
  /** The agent could not go on. */
  | 'technical_trouble';

/** The payload of an error that answers a request. */
export interface RequestError {
  readonly message: string;
  readonly code: RefusalCode;
  readonly retryable: boolean;
}

/** A frame as it goes over the wire. */
export interface Frame {
  readonly eventType: string;
  readonly eventId: string;
  readonly sessionId: string;
  readonly requestType?: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The event type of the error that answers `requestType`: its last dotted part becomes `error`. */
export function errorType(requestType: string | undefined): string {
  if (requestType === undefined) return 'error.unknown';
  const dot = requestType.lastIndexOf('.');
  return dot <= 0 ? 'error.unknown' : `${requestType.slice(0, dot)}.error`;
}
