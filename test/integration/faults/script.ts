import type { ScriptInput } from '../../../src/local/script/script.ts';
import type { ChatMessage } from '../../../src/local/sources.ts';

/** What the caller asks, and what the agent answers. */
export interface Turn {
  readonly caller: string;
  /** Each word is four characters, mark included, so that the synthesiser's pieces of audio end where words do. */
  readonly agent: string;
}

export const FIRST: Turn = {
  caller: 'What does this plan do?',
  agent: 'Yes, your team will save time each day. Each crew sees what jobs come next too.',
};
export const STRUCK: Turn = {
  caller: 'Would it help my people?',
  agent: 'Yes, that plan will help your crew now. Also your boss sees what each crew did.',
};
export const NEXT: Turn = {
  caller: 'Can we start next year?',
  agent: 'Sure that will work from next year too. Then your team will have more time now.',
};

/** Nobody speaks faster than twice the usual rate, and the conversation takes nobody to. */
export const MS_PER_CHARACTER = 40;

/** All words that callers say. What the microphone spells is heard again when it is sent again, as by a real recogniser. */
export const VOCABULARY: readonly string[] = [
  ...new Set([FIRST, STRUCK, NEXT].flatMap(({ caller }) => caller.split(' '))),
];

/** What the providers of a cell hear, say and sound like. */
export const script = {
  recogniser: { vocabulary: [...VOCABULARY] },
  model: { replies: answerFrom, firstTokenMs: 30, tokensPerSecond: 100 },
  synthesiser: { firstAudioMs: 20, msPerChar: MS_PER_CHARACTER, chunkMs: 5 * MS_PER_CHARACTER, paceMs: 20 },
} satisfies ScriptInput;

/** The answer to the caller's last turn, or the end of it, however often it is asked for; what of it was said already is left out. */
function answerFrom(messages: readonly ChatMessage[]): string {
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const question = messages[asked]?.content;
  const turn = [FIRST, STRUCK, NEXT].find(
    ({ caller }) => question !== undefined && caller.endsWith(question),
  );
  const whole = turn?.agent ?? 'That is not in the script.';
  const said = messages
    .slice(asked + 1)
    .flatMap(({ role, content }) => (role === 'assistant' ? [content] : []))
    .join(' ');
  return said !== '' && whole.startsWith(said) ? whole.slice(said.length).trimStart() : whole;
}
