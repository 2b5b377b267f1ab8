import * as v from 'valibot';
import { decode } from '../protocol/codec.ts';

/** Reads a frame of the server. `undefined` for events this client does not know; throws on frames it cannot read. */
export function readIncoming(bytes: Uint8Array): Incoming | undefined {
  const frame = v.parse(envelope, decode(bytes));
  if (!refuses(frame.eventType)) return readEvent(frame);
  const { eventId, sessionId } = frame;
  return { eventType: 'refusal', eventId, sessionId, payload: v.parse(refusal, frame.payload) };
}

/** A frame of the server by its event type; `refusal` is the error that answers any request of ours. */
export type Incoming =
  | {
      [E in Known]: {
        eventType: E;
        eventId: string;
        sessionId: string;
        payload: v.InferOutput<(typeof events)[E]>;
      };
    }[Known]
  | { eventType: 'refusal'; eventId: string; sessionId: string; payload: v.InferOutput<typeof refusal> };

type Known = keyof typeof events;

/** `voicechat.error` answers no request; every other error does. */
function refuses(eventType: string): boolean {
  return eventType === 'error.unknown' || (eventType.endsWith('.error') && eventType !== 'voicechat.error');
}

function readEvent(frame: v.InferOutput<typeof envelope>): Incoming | undefined {
  const schema: v.GenericSchema | undefined = byName[frame.eventType];
  if (schema === undefined) return undefined;
  const { eventType, eventId, sessionId } = frame;
  // Acks share their names with nothing the server sends unasked, so the table decides the payload; of most nobody wants to know.
  return { eventType, eventId, sessionId, payload: v.parse(schema, frame.payload) } as Incoming;
}

const envelope = v.object({
  eventType: v.string(),
  eventId: v.fallback(v.string(), ''),
  sessionId: v.fallback(v.string(), ''),
  payload: v.record(v.string(), v.unknown()),
});
const refusal = v.object({ message: v.string(), code: v.exactOptional(v.string()) });
const utterance = v.object({ utteranceId: v.string() });
const transcript = v.object({ text: v.string(), turnId: v.string() });
const place = v.picklist(['local', 'live', 'missing']);
const pcm = v.pipe(
  v.instance(Uint8Array),
  v.check((audio) => audio.byteLength > 0 && audio.byteLength % 2 === 0, 'whole 16-bit samples'),
);

// What a server that speaks an earlier protocol leaves out is optional here, and what a later one may name is any string.
const events = {
  'connection.ack': v.object({
    success: v.literal(true),
    providers: v.object({ stt: place, llm: place, tts: place }),
    voices: v.array(v.object({ id: v.string(), name: v.string() })),
    version: v.string(),
    resumeToken: v.exactOptional(v.string()),
    resumed: v.exactOptional(v.boolean()),
  }),
  'voicechat.text.input': v.object({ success: v.literal(true) }),
  'voicechat.state': v.object({ state: v.picklist(['listening', 'thinking', 'speaking']) }),
  'voicechat.transcript.interim': transcript,
  'voicechat.transcript.final': transcript,
  'voicechat.response.start': utterance,
  'voicechat.response.text': v.object({ utteranceId: v.string(), text: v.string() }),
  'voicechat.response.chunk': v.object({
    audio: pcm,
    utteranceId: v.string(),
    sampleRate: v.pipe(v.number(), v.minValue(1), v.maxValue(192_000), v.transform(Math.round)),
  }),
  'voicechat.response.complete': utterance,
  'voicechat.response.interrupt': utterance,
  'voicechat.response.stop': utterance,
  /** Stop sounding but keep what is queued; `resume` goes on from there. */
  'voicechat.response.pause': utterance,
  'voicechat.response.resume': utterance,
  'voicechat.turn.metrics': v.object({
    utteranceId: v.string(),
    turnId: v.exactOptional(v.string()),
    ...latencies(v.number()),
    speculation: v.exactOptional(v.string()),
    wastedTokens: v.exactOptional(v.number()),
    pauses: v.exactOptional(v.number()),
    verdict: v.exactOptional(v.string()),
    verdictMs: v.exactOptional(v.number()),
    sentMs: v.exactOptional(v.number()),
    heardMs: v.exactOptional(v.number()),
    wordsSaid: v.number(),
    wordsHeard: v.number(),
    interrupted: v.boolean(),
  }),
  'voicechat.error': v.object({ message: v.string(), code: v.exactOptional(v.string()) }),
  'voicechat.call.warning': v.object({ remainingMs: v.pipe(v.number(), v.minValue(0)) }),
  'voicechat.call.ended': v.object({
    reason: v.string(),
    outcome: v.exactOptional(v.string()),
    latency: v.exactOptional(
      v.object({
        turns: v.number(),
        ...latencies(v.object({ p50: v.number(), p95: v.number(), max: v.number() })),
      }),
    ),
  }),
} as const;
/** One entry for each wait that is measured, in ms; a server leaves out what it has not seen. */
function latencies<S extends v.GenericSchema>(schema: S) {
  return {
    endOfTurnMs: v.exactOptional(schema),
    firstTokenMs: v.exactOptional(schema),
    firstAudioMs: v.exactOptional(schema),
    firstHeardMs: v.exactOptional(schema),
  };
}

const byName: Readonly<Record<string, v.GenericSchema>> = events;
