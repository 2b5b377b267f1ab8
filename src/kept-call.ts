import * as v from 'valibot';
import { memorySchema } from './conversation/memory.ts';
import { parseProspect } from './outreach/prospect.ts';
import type { TurnMetrics } from './protocol/replies.ts';

const frame = v.object({
  eventType: v.string(),
  eventId: v.string(),
  sessionId: v.string(),
  payload: v.record(v.string(), v.unknown()),
});

/** Reads what an object kept of its call. */
export const keptCallSchema = v.object({
  prospect: v.pipe(v.unknown(), v.transform(parseProspect)),
  voiceId: v.string(),
  language: v.string(),
  missed: v.object({ frames: v.array(frame), after: v.string() }),
  typed: v.exactOptional(v.array(v.string())),
  conversation: v.exactOptional(memorySchema),
});

/**
 * What another object needs to go on with a call whose object died: whom it is with, the voice and the language that
 * were chosen, frames that the client may have missed, the ids of what was typed, and the conversation, which is absent
 * before it has begun.
 */
export type KeptCall = v.InferOutput<typeof keptCallSchema>;

/** What is stored of a call whose object died. */
export interface PastCall {
  readonly kept: KeptCall;
  /** The agent's turns that were over, in order. */
  readonly turns: readonly TurnMetrics[];
}
