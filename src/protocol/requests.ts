import * as v from 'valibot';
import { isRecord } from './codec.ts';
import {
  DEFAULT_SAMPLING_RATE,
  MAX_AUDIO_BYTES,
  MAX_ID_LENGTH,
  MAX_PLAYED_MS,
  MAX_SAMPLING_RATE,
  MAX_TEXT_LENGTH,
  MIN_SAMPLING_RATE,
} from './limits.ts';

/** What a client asks for, by event type. `sessionId` is absent or empty before the client has read its ack. */
export type Request = Readonly<
  { eventId: string; sessionId: string } & (
    | { eventType: 'voicechat.audio.start'; payload: AudioStart }
    | { eventType: 'voicechat.audio.chunk'; payload: AudioChunk }
    | { eventType: 'voicechat.audio.end' | 'voicechat.call.end'; payload: Readonly<Record<string, unknown>> }
    | { eventType: 'voicechat.text.input'; payload: TextInput }
    | { eventType: 'voicechat.playback.progress'; payload: PlaybackProgress }
  )
>;

/** Begins, or changes, the caller's audio. `samplingRate` in Hz; `language` is a BCP-47 tag. */
export type AudioStart = Readonly<{ samplingRate: number; voiceId?: string; language?: string }>;
/** Little-endian 16-bit mono PCM at the rate of the last `audio.start`. */
export type AudioChunk = Readonly<{ audio: Uint8Array; isMuted: boolean }>;
/** A typed turn; with `again` it was sent before under the same `eventId`, and may have arrived. */
export type TextInput = Readonly<{ text: string; again: boolean }>;
/**
 * What the listener has really heard of an utterance, in ms; `ended` once when it stops sounding. `receivedMs`, in a
 * report that follows a lost connection, is how much of its audio has arrived.
 */
export type PlaybackProgress = Readonly<{
  utteranceId: string;
  playedMs: number;
  receivedMs?: number;
  ended: boolean;
}>;

/** Why a frame could not be honoured; `requestType` and `eventId` as far as the frame had them. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly requestType?: string;
  readonly eventId?: string;
}

export type RefusalCode =
  | 'undecodable'
  | 'invalid_envelope'
  | 'unknown_event'
  | 'session_mismatch'
  | 'invalid_sampling_rate'
  | 'invalid_language'
  | 'invalid_payload'
  | 'unknown_voice'
  | 'audio_not_started'
  | 'audio_empty'
  | 'audio_odd_length'
  | 'audio_too_large';

export type Parsed = { readonly request: Request } | { readonly refusal: Refusal };

const acceptedRate = `an integer from ${MIN_SAMPLING_RATE} to ${MAX_SAMPLING_RATE} Hz`;
const samplingRate = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(MIN_SAMPLING_RATE),
  v.maxValue(MAX_SAMPLING_RATE),
);
const acceptedId = `a string of 1 to ${MAX_ID_LENGTH} characters`;
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ID_LENGTH));
const languageTag = v.pipe(v.string(), v.regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/));
const text = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(MAX_TEXT_LENGTH));
const acceptedPlayback = `0 to ${MAX_PLAYED_MS} ms`;
const playbackMs = v.pipe(v.number(), v.finite(), v.minValue(0), v.maxValue(MAX_PLAYED_MS));

/** Reads a decoded frame as a request; what it cannot read comes back as a refusal that names the field and what is accepted. */
export function parseRequest(frame: unknown): Parsed {
  if (!isRecord(frame)) {
    return {
      refusal: { code: 'undecodable', message: `frame: a MessagePack map is accepted, got ${kind(frame)}` },
    };
  }
  const eventType = frame['eventType'];
  if (!v.is(id, eventType)) return envelopeRefusal(frame, 'eventType', acceptedId);
  if (!v.is(id, frame['eventId'])) return envelopeRefusal(frame, 'eventId', acceptedId);
  const sessionId = frame['sessionId'] ?? '';
  if (typeof sessionId !== 'string') return envelopeRefusal(frame, 'sessionId', 'a string');
  const payload = frame['payload'] ?? {};
  if (!isRecord(payload)) return envelopeRefusal(frame, 'payload', 'a map');
  // A name such as `constructor` is one that every object has, and no event type.
  const known = Object.hasOwn(payloads, eventType) ? payloads[eventType] : undefined;
  if (known === undefined) {
    return refused(
      frame,
      'unknown_event',
      `eventType: ${Object.keys(payloads).join(', ')} are accepted, got ${shown(eventType)}`,
    );
  }
  const read = known(payload);
  if ('problem' in read) return refused(frame, read.code, read.problem);
  // The table pairs every event type with the parser of its own payload.
  return { request: { eventType, eventId: frame['eventId'], sessionId, payload: read.payload } as Request };
}

type PayloadRead = { readonly payload: unknown } | { readonly code: RefusalCode; readonly problem: string };

const payloads: Readonly<Record<string, (payload: Record<string, unknown>) => PayloadRead>> = {
  'voicechat.audio.start': readAudioStart,
  'voicechat.audio.chunk': readAudioChunk,
  'voicechat.audio.end': (payload) => ({ payload }),
  'voicechat.call.end': (payload) => ({ payload }),
  'voicechat.text.input': readTextInput,
  'voicechat.playback.progress': readPlayback,
};

function readAudioStart(payload: Record<string, unknown>): PayloadRead {
  const rate = payload['samplingRate'] ?? DEFAULT_SAMPLING_RATE;
  if (!v.is(samplingRate, rate)) {
    return problem('invalid_sampling_rate', 'samplingRate', acceptedRate, rate);
  }
  const language = payload['language'] ?? undefined;
  if (language !== undefined && !v.is(languageTag, language)) {
    return problem('invalid_language', 'language', 'a BCP-47 tag such as en-US', language);
  }
  const voiceId = payload['voiceId'] ?? undefined;
  if (voiceId !== undefined && !v.is(id, voiceId)) {
    return problem('invalid_payload', 'voiceId', acceptedId, voiceId);
  }
  return {
    payload: {
      samplingRate: rate,
      ...(voiceId === undefined ? {} : { voiceId }),
      ...(language === undefined ? {} : { language }),
    } satisfies AudioStart,
  };
}

/** Written out rather than left to the schema library because it runs for every frame of every call. */
function readAudioChunk(payload: Record<string, unknown>): PayloadRead {
  const audio = payload['audio'];
  if (!(audio instanceof Uint8Array)) return problem('invalid_payload', 'audio', 'binary 16-bit PCM', audio);
  const { byteLength } = audio;
  if (byteLength === 0)
    return { code: 'audio_empty', problem: 'audio: at least one sample is accepted, got 0 bytes' };
  if (byteLength % 2 !== 0) {
    return {
      code: 'audio_odd_length',
      problem: `audio: whole 16-bit samples are accepted, got ${byteLength} bytes`,
    };
  }
  if (byteLength > MAX_AUDIO_BYTES) {
    return {
      code: 'audio_too_large',
      problem: `audio: at most ${MAX_AUDIO_BYTES} bytes are accepted, got ${byteLength}`,
    };
  }
  const isMuted = payload['isMuted'] ?? false;
  if (typeof isMuted !== 'boolean') return problem('invalid_payload', 'isMuted', 'true or false', isMuted);
  return { payload: { audio, isMuted } satisfies AudioChunk };
}

function readTextInput(payload: Record<string, unknown>): PayloadRead {
  const read = v.safeParse(text, payload['text']);
  if (!read.success) {
    return problem(
      'invalid_payload',
      'text',
      `a string of 1 to ${MAX_TEXT_LENGTH} characters`,
      payload['text'],
    );
  }
  const again = payload['again'] ?? false;
  if (typeof again !== 'boolean') return problem('invalid_payload', 'again', 'true or false', again);
  return { payload: { text: read.output, again } satisfies TextInput };
}

function readPlayback(payload: Record<string, unknown>): PayloadRead {
  const { utteranceId, playedMs } = payload;
  const receivedMs = payload['receivedMs'] ?? undefined;
  const ended = payload['ended'] ?? false;
  if (!v.is(id, utteranceId)) return problem('invalid_payload', 'utteranceId', acceptedId, utteranceId);
  if (!v.is(playbackMs, playedMs)) return problem('invalid_payload', 'playedMs', acceptedPlayback, playedMs);
  if (receivedMs !== undefined && !v.is(playbackMs, receivedMs)) {
    return problem('invalid_payload', 'receivedMs', acceptedPlayback, receivedMs);
  }
  if (typeof ended !== 'boolean') return problem('invalid_payload', 'ended', 'true or false', ended);
  return {
    payload: {
      utteranceId,
      playedMs,
      ...(receivedMs === undefined ? {} : { receivedMs }),
      ended,
    } satisfies PlaybackProgress,
  };
}

function problem(code: RefusalCode, field: string, accepted: string, got: unknown): PayloadRead {
  return { code, problem: `${field}: ${accepted} is accepted, got ${shown(got)}` };
}

function envelopeRefusal(frame: Record<string, unknown>, field: string, accepted: string): Parsed {
  return refused(frame, 'invalid_envelope', `${field}: ${accepted} is accepted, got ${shown(frame[field])}`);
}

function refused(frame: Record<string, unknown>, code: RefusalCode, message: string): Parsed {
  const { eventType, eventId } = frame;
  return {
    refusal: {
      code,
      message,
      ...(v.is(id, eventType) ? { requestType: eventType } : {}),
      ...(v.is(id, eventId) ? { eventId } : {}),
    },
  };
}

/** How long a quoted value in an error message may get, in UTF-16 units. */
const MAX_SHOWN_LENGTH = 60;

function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return kind(value);
  return JSON.stringify(value.length > MAX_SHOWN_LENGTH ? `${value.slice(0, MAX_SHOWN_LENGTH)}…` : value);
}

function kind(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return 'binary';
  if (Array.isArray(value)) return 'an array';
  return isRecord(value) ? 'a map' : `a ${typeof value}`;
}
