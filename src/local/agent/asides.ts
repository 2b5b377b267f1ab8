import { fill } from '../../outreach/line.ts';
import type { LineName, Playbook } from '../../outreach/playbook.ts';
import { type Heard, heardVariables } from './stage.ts';

/** What an agent message adds to the course of a call. */
export interface Course {
  /** Its words without the asides at its start and end. */
  readonly said: string;
  /** Whether the caller did not hear its end. */
  readonly isCut: boolean;
  /** Whether it ends by asking if the caller is still there. */
  readonly isPrompt: boolean;
}

/** Lines that leave the open question open; the call itself puts most of them around what the agent wrote. */
const asides: readonly LineName[] = [
  'wait',
  'filler',
  'apology',
  'couldNotHear',
  'stillThere',
  'trouble',
  'breakdown',
  'backAgain',
  'voiceLost',
];

/** What marks words whose continuation the caller did not hear. */
const interruptionMark = /\s*\(interrupted\)$/;

/** Takes the asides off both ends of a message, however many the history has merged into it. */
export function courseOf(playbook: Playbook, heard: Heard, content: string): Course {
  const text = (name: LineName) => fill(playbook.lines[name], heardVariables(heard));
  const texts = asides.map(text);
  const isPrompt = content.trimEnd().endsWith(text('stillThere'));
  let said = content.trim();
  let isCut = false;
  for (;;) {
    isCut ||= interruptionMark.test(said);
    const shorter = texts.reduce(withoutAside, said.replace(interruptionMark, ''));
    if (shorter === said) return { said, isCut, isPrompt };
    said = shorter;
  }
}

function withoutAside(said: string, aside: string): string {
  if (said === aside) return '';
  if (said.startsWith(`${aside} `)) return said.slice(aside.length).trim();
  return said.endsWith(` ${aside}`) ? said.slice(0, -aside.length).trim() : said;
}
