import { type Return, SHORT_MS } from './absence.ts';
import { toldOf } from './memory.ts';
import type { Reply } from './reply.ts';

/**
 * What becomes of a reply that sounded when the caller was lost. `go-on`: in mid-word, with the audio after
 * `receivedMs`, or with what was not sent yet where that is undefined. `say-rest`: these words again, in a new utterance.
 */
export type Course =
  | { readonly is: 'go-on'; readonly receivedMs: number | undefined }
  | { readonly is: 'say-rest'; readonly unheard: string };

/** Takes the word of the client that is back about what it has, and decides. */
export function courseOf(reply: Reply, { absentMs, report }: Return, now: number): Course {
  const { playback } = reply;
  const inTail = reply.stage === 'tail';
  const told = report && toldOf(report, reply.utteranceId);
  if (told !== undefined) playback.reported(told.playedMs, told.ended && inTail, now);
  const unheard = reply.unheard(now);
  const receivedMs = told && Math.min(told.receivedMs, playback.sentMs);
  const isKept = receivedMs !== undefined && reply.sentAudio.after(receivedMs) !== undefined;
  const hasAll = inTail && receivedMs === playback.sentMs;
  if (isKept && (hasAll || absentMs <= SHORT_MS)) return { is: 'go-on', receivedMs };
  // Words that the model has still to give cannot be said again.
  if (unheard === '' && !reply.modelDone) return { is: 'go-on', receivedMs: isKept ? receivedMs : undefined };
  return { is: 'say-rest', unheard };
}
