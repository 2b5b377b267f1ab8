import type { PlaybackReport } from './absence.ts';
import { type Command, catchUp, send } from './events.ts';
import type { History } from './history.ts';
import { heardOf, type RememberedReply } from './memory.ts';
import type { Mouth } from './mouth.ts';
import { UNKNOWN_TURN, unheardOf } from './reply.ts';

/**
 * Takes up the reply of an object that died: what was not heard of it is said again, and words that were not all known
 * are asked for anew. `report`: what the client that is back tells of the agent's words.
 */
export function recall(
  known: RememberedReply,
  report: PlaybackReport | undefined,
  { mouth, history }: { readonly mouth: Mouth; readonly history: History },
  now: number,
): readonly Command[] {
  const { utteranceId, cause, ending, text } = known;
  const sounds = report?.utteranceId === utteranceId && !report.ended;
  const stop = sounds ? [send('voicechat.response.interrupt', { utteranceId, timestamp: now })] : [];
  if (text === undefined) return [catchUp(), ...stop, ...mouth.answer('', cause, UNKNOWN_TURN, now)];
  const heard = heardOf(known, report);
  const unheard = unheardOf(text, heard, known.introWords);
  history.agent(heard, unheard !== '');
  if (unheard !== '') return [catchUp(), ...stop, ...mouth.repeat(unheard, cause, ending, now)];
  mouth.hasSaid(heard, ending, now);
  return [catchUp(), ...stop];
}
