import type { CallState, ProviderPlace } from '../protocol/replies.ts';

export type Role = 'stt' | 'llm' | 'tts';
export type Providers = Readonly<Record<Role, ProviderPlace>>;

/** What each provider is called on the page, and who it is where. */
export const roles: Readonly<Record<Role, { name: string; local: string; live: string; missing: string }>> = {
  stt: { name: 'Recogniser', local: 'local', live: 'Deepgram', missing: 'speech recognition' },
  llm: { name: 'Model', local: 'local script', live: 'OpenAI', missing: 'the language model' },
  tts: { name: 'Voice', local: 'local', live: 'ElevenLabs', missing: 'the voice' },
};

/** What the pill says in each state of a call. */
export const stateWords: Readonly<Record<CallState | 'ended', string>> = {
  listening: 'Listening',
  thinking: 'Thinking',
  speaking: 'Speaking',
  ended: 'Call ended',
};

/** How a call ended, for the end of the transcript. */
export function endWords(reason: string): string {
  return ends[reason] ?? 'The call has ended.';
}

const ends: Readonly<Record<string, string>> = {
  caller_hung_up: 'You ended the call.',
  agent_ended: 'The agent ended the call.',
  failed: 'The call broke off.',
  caller_silent: 'The agent ended the call because it heard nothing.',
  max_duration: 'The call reached its longest duration.',
  abandoned: 'The connection was lost for too long.',
  budget_spent: 'The call used up what a call may cost.',
};

/** What local providers cannot do, in one sentence each; empty if none is local. */
export function honestWords({ stt, llm }: Providers): string {
  const sentences = [];
  if (stt === 'local') {
    sentences.push(
      'The recogniser on this machine knows the English words of a sales call and forces anything else onto them, so expect mishearings.',
    );
  }
  if (llm === 'local') {
    sentences.push('The agent follows a script here: it is not a language model.');
  }
  return sentences.join(' ');
}

/** What keeps the server from taking calls, in words; `undefined` if every provider is there. */
export function missingWords(providers: Providers): string | undefined {
  const missing = (['stt', 'llm', 'tts'] as const).filter((role) => providers[role] === 'missing');
  if (missing.length === 0) return undefined;
  const list = new Intl.ListFormat('en').format(missing.map((role) => roles[role].missing));
  return `The server cannot take calls yet: ${list} ${missing.length === 1 ? 'is' : 'are'} not set up.`;
}
