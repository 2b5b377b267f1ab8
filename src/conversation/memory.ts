import * as v from 'valibot';
import { detectOptOut, OUTCOMES, type Outcome } from '../outreach/outcome.ts';
import type { EndReason } from '../protocol/replies.ts';
import type { PlaybackReport } from './absence.ts';
import type { Reply } from './reply.ts';
import { SpokenText } from './spoken.ts';

const END_REASONS = [
  'caller_hung_up',
  'agent_ended',
  'caller_silent',
  'max_duration',
  'budget_spent',
  'abandoned',
  'technical_trouble',
] as const satisfies readonly EndReason[];

const cause = v.variant('type', [
  v.object({ type: v.literal('greeting') }),
  v.object({ type: v.literal('turn'), turnId: v.string() }),
  v.object({ type: v.literal('prompt') }),
  v.object({ type: v.literal('closing'), turnId: v.exactOptional(v.string()) }),
]);

const said = v.object({
  utteranceId: v.string(),
  cause,
  ending: v.exactOptional(v.object({ reason: v.picklist(END_REASONS), outcome: v.picklist(OUTCOMES) })),
  text: v.exactOptional(v.string()),
  introWords: v.number(),
  sentMs: v.exactOptional(v.number()),
});

/** A conversation as plain data; `Memory` says what it holds. */
export const memorySchema = v.object({
  endAt: v.exactOptional(v.number()),
  language: v.string(),
  messages: v.array(v.object({ role: v.picklist(['user', 'assistant']), content: v.string() })),
  unanswered: v.array(v.object({ id: v.string(), words: v.string(), fresh: v.string() })),
  reply: v.exactOptional(said),
  usualPauseMs: v.number(),
  prompts: v.number(),
  held: v.boolean(),
  falseAlarms: v.number(),
  spentTokens: v.number(),
  lastSaid: v.exactOptional(v.object({ text: v.string(), at: v.number() })),
  lostAt: v.exactOptional(v.number()),
});

/**
 * What a conversation goes on from when its object has died: when its longest duration is over (absent before it has
 * begun), what was said, turns that were over and not answered, the reply that had the floor, how often silence was
 * broken, what was learnt of this caller, and since when he is away. Its size is bounded by the history's bounds. Times
 * are ms since the epoch.
 */
export type Memory = v.InferOutput<typeof memorySchema>;

/**
 * A reply that had the floor. `text` is absent while its words are not all known; `introWords` of it are not part of
 * what it has to say. `sentMs`: all its audio, once that was sent.
 */
export type RememberedReply = v.InferOutput<typeof said>;

/** What a call came to that ends here: an opt-out stands even if it was not confirmed yet. */
export function outcomeSoFar({ unanswered, reply }: Pick<Memory, 'unanswered' | 'reply'>): Outcome {
  if (unanswered.some(({ words }) => detectOptOut(words))) return 'opted-out';
  return reply?.ending?.outcome ?? 'no-decision';
}

/** A reply as it has to be remembered. */
export function rememberedOf(reply: Reply): RememberedReply {
  const { utteranceId, cause, ending, spoken, introWords, stage, playback } = reply;
  return {
    utteranceId,
    cause,
    introWords,
    ...(ending === undefined ? {} : { ending }),
    ...(reply.modelDone ? { text: spoken.text } : {}),
    ...(stage === 'tail' ? { sentMs: playback.sentMs } : {}),
  };
}

/** What a client that is back tells of an utterance. One that tells of another has nothing of this one. */
export function toldOf(
  report: PlaybackReport,
  utteranceId: string,
): Omit<Required<PlaybackReport>, 'utteranceId'> {
  if (report.utteranceId !== utteranceId) return { playedMs: 0, receivedMs: 0, ended: false };
  const receivedMs = report.receivedMs ?? report.playedMs;
  return { playedMs: Math.min(report.playedMs, receivedMs), receivedMs, ended: report.ended };
}

/** The words of a remembered reply that sounded. Without a report what was sent whole is taken to have been heard. */
export function heardOf(known: RememberedReply, report: PlaybackReport | undefined): string {
  const { text = '', sentMs, utteranceId } = known;
  if (report === undefined) return sentMs === undefined ? '' : text;
  const { playedMs, receivedMs } = toldOf(report, utteranceId);
  const spoken = new SpokenText();
  spoken.say(text);
  return spoken.heard(playedMs, sentMs ?? receivedMs, sentMs !== undefined);
}
