import type { RefusalCode } from './requests.ts';

/** What the agent is doing, as the caller may want to see it. */
export type CallState = 'listening' | 'thinking' | 'speaking';

/** Trouble that answers no request. */
export type TroubleCode =
  | 'audio_overflow'
  | 'recogniser_unavailable'
  | 'model_unavailable'
  | 'synthesiser_unavailable'
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
  'voicechat.turn.metrics': TurnMetrics;
  'voicechat.error': { message: string; code: TroubleCode; retryable: boolean };
  'voicechat.call.ended': { reason: EndReason; outcome?: string };
}

/** Measured times of one agent turn, in ms; a time that did not happen is absent. */
export interface TurnMetrics {
  readonly utteranceId: string;
  /** The caller turn it answers; absent for the greeting. */
  readonly turnId?: string;
  /** End of turn to the model's first token. */
  readonly firstTokenMs?: number;
  /** End of turn to the first audio sent. */
  readonly firstAudioMs?: number;
  /** Audio sent, and the part of it that sounded. */
  readonly sentMs: number;
  readonly heardMs: number;
  readonly wordsSaid: number;
  readonly wordsHeard: number;
  readonly interrupted: boolean;
}

/** Why a call ended. */
export type EndReason = 'caller_hung_up' | 'agent_ended';

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
