import * as v from 'valibot';
import { decode } from '../../../src/protocol/codec.ts';
import { errorType } from '../../../src/protocol/replies.ts';
import { parseRequest } from '../../../src/protocol/requests.ts';
import type { AnyFrame } from './malformed-frames.ts';

const id = v.pipe(v.string(), v.minLength(1));
const utterance = { utteranceId: id };
const milliseconds = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const audio = v.pipe(
  v.instance(Uint8Array),
  v.check(({ byteLength }) => byteLength > 0 && byteLength % 2 === 0 && byteLength <= 16_000),
);

/** What the server may send unasked once a call runs; every key is known. */
const unasked: Readonly<Record<string, v.GenericSchema>> = {
  'voicechat.state': v.strictObject({ state: v.picklist(['listening', 'thinking', 'speaking']) }),
  'voicechat.transcript.interim': v.strictObject({ text: id, turnId: id }),
  'voicechat.transcript.final': v.strictObject({ text: id, turnId: id }),
  'voicechat.response.start': v.strictObject({ ...utterance, timestamp: count }),
  'voicechat.response.text': v.strictObject({ ...utterance, text: id }),
  'voicechat.response.chunk': v.strictObject({ ...utterance, audio, sampleRate: count }),
  'voicechat.response.complete': v.strictObject(utterance),
  'voicechat.response.interrupt': v.strictObject({ ...utterance, timestamp: count }),
  'voicechat.response.pause': v.strictObject(utterance),
  'voicechat.response.resume': v.strictObject(utterance),
  'voicechat.turn.metrics': v.looseObject({ ...utterance, sentMs: milliseconds, heardMs: milliseconds }),
  'voicechat.error': v.strictObject({ code: id, message: id, retryable: v.boolean() }),
};

const envelope = v.strictObject({
  eventType: id,
  eventId: id,
  sessionId: id,
  requestType: v.optional(id),
  payload: v.record(v.string(), v.unknown()),
});
const refusal = v.strictObject({ code: id, message: id, retryable: v.literal(false) });
const acknowledged = v.strictObject({ success: v.literal(true) });

/** How a frame is answered: an ack, an error with this code, or not at all. */
export interface Answer {
  readonly eventType: string;
  readonly code?: string;
  /** Absent where the request had none that could be repeated. */
  readonly eventId?: string;
}

/** The answer the protocol asks for to a frame on a call whose audio has begun. */
export function answerTo(frame: AnyFrame, sessionId: string, voices: readonly string[]): Answer | undefined {
  const parsed = parseRequest(typeof frame === 'string' ? undefined : decoded(frame));
  if ('refusal' in parsed) {
    const { code, requestType, eventId } = parsed.refusal;
    return { eventType: errorType(requestType), code, ...(eventId === undefined ? {} : { eventId }) };
  }
  const { request } = parsed;
  const { eventType, eventId } = request;
  const refused = { eventType: errorType(eventType), eventId };
  if (request.sessionId !== '' && request.sessionId !== sessionId) {
    return { ...refused, code: 'session_mismatch' };
  }
  if (eventType === 'voicechat.audio.chunk' || eventType === 'voicechat.playback.progress') return undefined;
  const voiceId = eventType === 'voicechat.audio.start' ? request.payload.voiceId : undefined;
  if (voiceId !== undefined && !voices.includes(voiceId)) return { ...refused, code: 'unknown_voice' };
  return { eventType, eventId };
}

/** Checks a frame of the server against the protocol, and reads it as an answer if it is one. Throws at the first key that is wrong. */
export function readAnswer(frame: unknown, sessionId: string): Answer | undefined {
  const { eventType, eventId, requestType, payload, ...rest } = v.parse(envelope, frame);
  if (rest.sessionId !== sessionId) throw new Error(`${eventType} is of another session`);
  if (Object.hasOwn(unasked, eventType) && requestType === undefined) {
    v.parse(unasked[eventType] ?? v.never(), payload);
    return undefined;
  }
  if ('success' in payload) {
    v.parse(acknowledged, payload);
    return { eventType, eventId };
  }
  const { code } = v.parse(refusal, payload);
  if (eventType !== errorType(requestType)) throw new Error(`${eventType} answers ${requestType}`);
  return { eventType, eventId, code };
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
