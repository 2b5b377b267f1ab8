import { Buffer } from 'node:buffer';
import * as v from 'valibot';
import type { Alignment, Failure } from '../../conversation/events.ts';
import { codesOf, isTransient, jsonObject, type Refusal, unreachable } from '../socket.ts';

const numbers = v.array(v.number());
const times = v.pipe(
  v.object({
    chars: v.array(v.string()),
    charStartTimesMs: numbers,
    charDurationsMs: v.optional(numbers),
    // The name in older pages of the vendor.
    charsDurationsMs: v.optional(numbers),
  }),
  v.transform(({ chars, charStartTimesMs, charDurationsMs, charsDurationsMs }): Alignment => {
    const durations = charDurationsMs ?? charsDurationsMs ?? [];
    return {
      characters: chars,
      startMs: charStartTimesMs,
      endMs: charStartTimesMs.map((start, i) => start + (durations[i] ?? 0)),
    };
  }),
);
const frame = v.object({
  audio: v.nullish(v.string()),
  isFinal: v.nullish(v.boolean(), false),
  alignment: v.nullish(times),
  contextId: v.nullish(v.string()),
  // The spelling of the client's side, which some frames of the server have too.
  context_id: v.nullish(v.string()),
  error: v.nullish(v.string()),
});

/** One frame of the socket. `audio` is as it came: it may begin or end in the middle of a sample. */
export interface SpeechFrame {
  readonly context: string;
  readonly audio: Uint8Array | undefined;
  readonly alignment: Alignment | undefined;
  readonly isFinal: boolean;
  /** The vendor's word for what went wrong; the socket closes after it. */
  readonly error: string | undefined;
}

/** Reads a frame; undefined when it is none. A frame of an unknown kind reads as one without anything in it. */
export function readSpeechFrame(data: string | ArrayBuffer): SpeechFrame | undefined {
  const parsed = v.safeParse(frame, typeof data === 'string' ? jsonObject(data) : undefined);
  if (!parsed.success) return undefined;
  const { audio, alignment, isFinal, contextId, context_id, error } = parsed.output;
  return {
    context: contextId ?? context_id ?? '',
    audio: audio ? Buffer.from(audio, 'base64') : undefined,
    alignment: alignment ?? undefined,
    isFinal,
    error: error ?? undefined,
  };
}

const timedLine = v.object({
  audio_base64: v.nullish(v.string()),
  alignment: v.nullish(
    v.pipe(
      v.object({
        characters: v.array(v.string()),
        character_start_times_seconds: numbers,
        character_end_times_seconds: numbers,
      }),
      v.transform(
        ({ characters, character_start_times_seconds, character_end_times_seconds }): Alignment => ({
          characters,
          startMs: characters.map((_, i) => (character_start_times_seconds[i] ?? 0) * 1000),
          endMs: characters.map((_, i) => (character_end_times_seconds[i] ?? 0) * 1000),
        }),
      ),
    ),
  ),
});

/** One line of an answer with timestamps. `audio` is as it came; the alignment counts from the start of the answer's audio, not of the line's. */
export interface TimedAudio {
  readonly audio: Uint8Array;
  readonly alignment: Alignment | undefined;
}

/** Reads a line of `stream/with-timestamps`, whose names differ from the socket's; undefined when it is none. */
export function readTimedLine(line: string): TimedAudio | undefined {
  const parsed = v.safeParse(timedLine, jsonObject(line));
  if (!parsed.success) return undefined;
  const { audio_base64, alignment } = parsed.output;
  return { audio: Buffer.from(audio_base64 ?? '', 'base64'), alignment: alignment ?? undefined };
}

const UNKNOWN_VOICE: readonly string[] = [
  'voice_id_does_not_exist',
  'voice_not_found',
  'voice_does_not_exist',
];
/** Errors after which the same request fails again: the account, the configuration or a message of ours is at fault. */
const FATAL: readonly string[] = [
  'invalid_api_key',
  'unauthorized',
  'quota_exceeded',
  'detected_unusual_activity',
  'subscription_required',
  'output_format_not_allowed',
  'unsupported_model',
  'invalid_input_message',
];

/** What an error frame of the socket means. */
export function errorFailure(error: string): Failure {
  if (UNKNOWN_VOICE.includes(error)) {
    return { kind: 'unknown-voice', retryable: false, detail: 'ElevenLabs does not know the voice' };
  }
  const limited = /concurrent|system_busy|rate_limit/.test(error);
  return {
    kind: limited ? 'rate-limited' : 'refused',
    retryable: !FATAL.includes(error),
    detail: `ElevenLabs error ${codesOf(error)}`.trim(),
  };
}

/** The error frame before a close may be lost; its message then stands in the reason (ElevenLabs, socket closes). */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/api key/i, 'invalid_api_key'],
  [/voice with voice_id/i, 'voice_id_does_not_exist'],
  [/quota/i, 'quota_exceeded'],
  [/unusual activity/i, 'detected_unusual_activity'],
  [/voice_settings/i, 'invalid_input_message'],
];
/** Seen where the model cannot speak with the voice (field reports of ElevenLabs' sockets). */
const INCOMPATIBLE_CODE = 1009;

/** What a close that we did not ask for means. */
export function closeFailure(code: number, reason: string): Failure {
  const [, error] = REASONS.find(([pattern]) => pattern.test(reason)) ?? [];
  if (error !== undefined) return errorFailure(error);
  const detail = `ElevenLabs closed the socket with ${code}`;
  if (code === INCOMPATIBLE_CODE) return { kind: 'unknown-voice', retryable: false, detail };
  return { kind: 'closed', retryable: true, detail };
}

const refusal = v.object({
  detail: v.object({ status: v.nullish(v.string()), code: v.nullish(v.string()) }),
});

/** What a handshake means that brought no socket. */
export function refusedFailure({ status, body }: Refusal): Failure {
  return status === undefined ? unreachable('ElevenLabs') : statusFailure(status, body);
}

/** What an HTTP error means. The body outranks the status: an empty account is a 401 that says quota_exceeded. */
export function statusFailure(status: number, body: string): Failure {
  const parsed = v.safeParse(refusal, jsonObject(body));
  const error = parsed.success ? (parsed.output.detail.status ?? parsed.output.detail.code ?? '') : '';
  const told = errorFailure(error);
  return {
    kind: status === 429 ? 'rate-limited' : told.kind,
    retryable: told.retryable && isTransient(status),
    detail: `ElevenLabs answered ${status} ${codesOf(error)}`.trim(),
  };
}
