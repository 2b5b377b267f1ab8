import * as v from 'valibot';
import type { ServerEvents } from '../../src/protocol/replies.ts';

/** The most audio one chunk may hold, in bytes. */
const MAX_CHUNK_BYTES = 16_000;

/** An id that the server minted: a UUIDv7. */
export const minted = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
);
const natural = v.pipe(v.number(), v.minValue(0));
const count = v.pipe(natural, v.integer());
const words = v.pipe(v.string(), v.nonEmpty());
const place = v.picklist(['local', 'live']);
const turn = v.looseObject({ text: words, turnId: minted });
const utterance = v.looseObject({ utteranceId: minted });
const stamped = v.looseObject({ utteranceId: minted, timestamp: count });
const audio = v.pipe(
  v.instance(Uint8Array),
  v.check(
    (bytes) => bytes.byteLength > 0 && bytes.byteLength <= MAX_CHUNK_BYTES,
    'a chunk of 1 to 16000 bytes',
  ),
  v.check((bytes) => bytes.byteLength % 2 === 0, 'whole samples'),
);

/** What `docs/protocol.md` says of the payload of every event of the server; keys that are not named there are let pass. */
export const payloads: Readonly<Record<keyof ServerEvents, v.GenericSchema>> = {
  'connection.ack': v.looseObject({
    success: v.literal(true),
    providers: v.object({ stt: place, llm: place, tts: place }),
    voices: v.pipe(v.array(v.object({ id: words, name: words })), v.minLength(1)),
    version: words,
  }),
  'voicechat.state': v.looseObject({ state: v.picklist(['listening', 'thinking', 'speaking']) }),
  'voicechat.transcript.interim': turn,
  'voicechat.transcript.final': turn,
  'voicechat.response.start': stamped,
  'voicechat.response.text': v.looseObject({ utteranceId: minted, text: words }),
  'voicechat.response.chunk': v.looseObject({
    utteranceId: minted,
    audio,
    sampleRate: v.pipe(count, v.minValue(1), v.maxValue(192_000)),
  }),
  'voicechat.response.complete': utterance,
  'voicechat.response.interrupt': stamped,
  'voicechat.response.stop': stamped,
  'voicechat.response.pause': utterance,
  'voicechat.response.resume': utterance,
  'voicechat.turn.metrics': v.looseObject({
    utteranceId: minted,
    turnId: v.optional(minted),
    speculation: v.picklist(['none', 'hit', 'miss']),
    wastedTokens: count,
    pauses: count,
    sentMs: natural,
    heardMs: natural,
    wordsSaid: count,
    wordsHeard: count,
    interrupted: v.boolean(),
  }),
  'voicechat.error': v.looseObject({ message: words, code: words, retryable: v.boolean() }),
  'voicechat.call.warning': v.looseObject({ remainingMs: natural }),
  'voicechat.call.ended': v.looseObject({
    reason: words,
    outcome: v.optional(words),
    latency: v.looseObject({ turns: count }),
  }),
};
