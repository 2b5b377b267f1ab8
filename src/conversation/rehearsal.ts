import { detectOptOut } from '../outreach/outcome.ts';
import { judge } from './overlap.ts';
import { patienceMs } from './patience.ts';

/** Has patterns compiled, which happens when they are first used: better now than when the caller waits for an answer. */
export function rehearse(language: string): void {
  const open = { words: 'hello', asked: '', language };
  patienceMs(open);
  judge({ ...open, final: true, heard: '', answering: false, leaving: false });
  detectOptOut(open.words);
}
