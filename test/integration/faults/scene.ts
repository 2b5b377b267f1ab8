import { expect, vi } from 'vitest';
import type { Fault, FaultKind } from '../../../src/local/faults.ts';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import type { ChatMessage } from '../../../src/local/sources.ts';
import type { LogEntry } from '../../../src/local/wire/log.ts';
import { localVariables, type RunningWorker } from '../../support/worker.ts';
import { ClientCall, type Utterance } from './call.ts';
import type { Cell } from './table.ts';

interface Turn {
  readonly caller: string;
  /** Each word is four characters, mark included, so that the synthesiser's pieces of audio end where words do. */
  readonly agent: string;
}

const FIRST: Turn = {
  caller: 'What will this plan do for us?',
  agent: 'Yes, your team will save time each day. Each crew sees what jobs come next too.',
};
const STRUCK: Turn = {
  caller: 'Would it help my people as well?',
  agent: 'Yes, that plan will help your crew now. Also your boss sees what each crew did.',
};
const NEXT: Turn = {
  caller: 'Can we start with it next year?',
  agent: 'Sure that will work from next year too. Then your team will have more time now.',
};

/** Nobody speaks faster than twice the usual rate, and the conversation takes nobody to. */
const MS_PER_CHARACTER = 40;
/** Sums of samples are rounded, and a first sample that is zero is cut as silence, in ms. */
const SAMPLE_MS = 1;
const FILLER = 'One moment, please. ';
/** Speech of one turn, in ms. */
const SPEECH_MS = 800;

const script = {
  recogniser: {
    utterances: [FIRST, STRUCK, NEXT].map(({ caller }) => ({ text: caller })),
    silenceMs: 400,
    interimEveryFrames: 1,
    wordMs: 80,
  },
  model: { replies: answerFrom, firstTokenMs: 30, tokensPerSecond: 100 },
  synthesiser: { firstAudioMs: 20, msPerChar: MS_PER_CHARACTER, chunkMs: 5 * MS_PER_CHARACTER, paceMs: 20 },
} satisfies ScriptInput;

/** The answer to the caller's last turn, however often it is asked for; what of it was said already is left out. */
function answerFrom(messages: readonly ChatMessage[]): string {
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const turn = [FIRST, STRUCK, NEXT].find(({ caller }) => caller === messages[asked]?.content);
  const whole = turn?.agent ?? 'That is not in the script.';
  const said = messages
    .slice(asked + 1)
    .flatMap(({ role, content }) => (role === 'assistant' ? [content] : []))
    .join(' ');
  return said !== '' && whole.startsWith(said) ? whole.slice(said.length).trimStart() : whole;
}

const variables: Readonly<Record<string, string>> = {
  // Requests are made when a turn is over and not before, so that each fault meets the request it is meant for.
  SPECULATION: 'off',
  IDLE_PROMPT_SECONDS: '3600',
  DEEPGRAM_REPLAY_SPEED: '4',
};

/** Holds the call of one cell, with providers of its own, and checks everything that the cell promises. */
export async function play(cell: Cell, worker: RunningWorker): Promise<void> {
  const providers = await startProviders({ mode: 'scripted', script, warn: () => undefined });
  let call: ClientCall | undefined;
  try {
    if (cell.moment === 'opening') strike(cell, providers);
    call = await ClientCall.join(worker, { ...variables, ...localVariables(providers.url) });
    call.begin();
    await call.heardOut(1);
    await (cell.outcome === 'deaf' ? playDeaf(cell, call, providers) : playThrough(cell, call, providers));
    checkTroubles(cell, call);
    expect((await call.hangUp()).payload['reason']).toBe('caller_hung_up');
    expect(call.closeCode).toBe(1000);
    await checkNothingLeft(cell, call, providers);
  } finally {
    call?.drop();
    await providers.close();
  }
}

/** The struck turn and the next one by voice; a fault at the opening has struck the first. */
async function playThrough(cell: Cell, call: ClientCall, providers: Providers): Promise<void> {
  const turns = cell.moment === 'opening' ? [FIRST, STRUCK] : [FIRST, STRUCK, NEXT];
  for (const [i, turn] of turns.entries()) {
    if (turn === STRUCK && cell.moment === 'idle') strike(cell, providers);
    const struckNow = turn === STRUCK && (cell.moment === 'mid-utterance' || cell.moment === 'mid-reply');
    await say(call, struckNow ? { cell, providers } : undefined, i + 2);
    await call.heardOut(i + 2);
  }
  expect(call.transcripts).toEqual(turns.map(({ caller }) => caller));
  const [greeting, ...replies] = call.utterances;
  checkGreeting(cell, greeting);
  expect(replies).toHaveLength(turns.length);
  for (const [i, reply] of replies.entries()) {
    const sound = cell.moment !== 'opening' && i === 0;
    const turn = turns[i] ?? NEXT; // there are as many
    checkReply(sound ? 'healed' : cell.outcome, turn, reply, turn === STRUCK && cell.moment === 'mid-reply');
  }
}

/** What is said before the recogniser is lost is answered; afterwards the caller types. */
async function playDeaf(cell: Cell, call: ClientCall, providers: Providers): Promise<void> {
  const turns = { opening: [], idle: [FIRST], 'mid-utterance': [FIRST], 'mid-reply': [FIRST, STRUCK] }[
    cell.moment
  ];
  for (const [i, turn] of turns.entries()) {
    await say(call, turn === STRUCK ? { cell, providers } : undefined, i + 2);
    await call.heardOut(i + 2);
  }
  if (cell.moment === 'idle') strike(cell, providers);
  if (cell.moment === 'mid-utterance') await say(call, { cell, providers }, 0);
  // The words before the loss are a turn, whatever they are worth.
  if (cell.moment === 'mid-utterance') await call.heardOut(3);
  await call.until('word of the loss', () => call.troubles.find(({ retryable }) => !retryable));
  call.type(NEXT.caller);
  const reply = await call.until('an answer to typed words', () =>
    call.utterances.find((utterance) => utterance.complete && ownWords(utterance) === NEXT.agent),
  );
  checkReply('healed', NEXT, reply, false);
  expect(call.transcripts.slice(0, turns.length)).toEqual(turns.map(({ caller }) => caller));
  expect(call.transcripts.at(-1)).toBe(NEXT.caller);
}

interface Blow {
  readonly cell: Cell;
  readonly providers: Providers;
}

/** Speaks one turn. A blow falls once the recogniser has heard words of it, or when the agent's turn `answer` sounds. */
async function say(call: ClientCall, blow: Blow | undefined, answer: number): Promise<void> {
  const from = call.frames.length;
  call.microphone.talk();
  const later = blow?.cell.provider === 'deepgram' && blow.cell.moment === 'mid-reply';
  if (blow !== undefined && !later) {
    await call.frame('an interim', ({ eventType }) => eventType === 'voicechat.transcript.interim', from);
    strike(blow.cell, blow.providers);
  }
  await call.microphone.untilSaid(SPEECH_MS);
  if (blow === undefined || !later) return;
  await call.until('the reply to sound', () => call.utterances[answer - 1]?.audioMs || undefined);
  strike(blow.cell, blow.providers);
}

const HANDSHAKE: readonly FaultKind[] = ['refuse', 'delay', 'hang'];

/** Lets the fault of a cell happen. One that strikes while a connection is made follows the loss of the one before. */
function strike({ provider, moment, row }: Cell, providers: Providers): void {
  const { faults } = providers.script;
  // The table's blow, aimed, is a fault again.
  const fault = { provider, ...row.blow, times: row.lasting ? 'always' : 1 } as Fault;
  const atHandshake = HANDSHAKE.includes(fault.kind);
  if (provider === 'openai') return void faults.push(...modelFaults(fault, moment, atHandshake));
  const bothWays = provider === 'elevenlabs' && (moment === 'opening' || row.lasting === true);
  const aimed: Fault[] = [
    { ...fault, channel: 'socket' },
    ...(bothWays ? [{ ...fault, channel: 'http' as const }] : []),
  ];
  if (moment === 'opening') return void faults.push(...aimed);
  const after = provider === 'elevenlabs' && moment === 'mid-reply' ? { after: { sent: 3 } } : {};
  if (!atHandshake) return providers.strike({ ...fault, ...after });
  faults.push(...aimed);
  providers.strike({ provider, kind: 'drop', ...after });
}

/** The model is reached by requests of a moment: the faults wait for the next one, and strike ever later in it. */
function modelFaults(fault: Fault, moment: Cell['moment'], atHandshake: boolean): readonly Fault[] {
  const after = { sent: { opening: 0, idle: 1, 'mid-utterance': 2, 'mid-reply': 14 }[moment] };
  if (!atHandshake) return [{ ...fault, after } as Fault]; // all but those of the handshake have a moment
  if (moment !== 'mid-reply') return [fault];
  return [
    { provider: 'openai', kind: 'drop', after },
    { ...fault, when: 2 },
  ];
}

function checkGreeting({ moment, outcome }: Cell, greeting: Utterance | undefined): void {
  if (greeting === undefined) throw new Error('there is no greeting');
  expect(greeting.text).toMatch(/^Hi, this is Ava.* Do you have a minute\?$/);
  if (outcome === 'mute' && moment === 'opening') expect(greeting.audioMs).toBe(0);
  else checkSound(greeting);
}

function checkReply(outcome: Cell['outcome'], turn: Turn, reply: Utterance, partly: boolean): void {
  const text = ownWords(reply);
  switch (outcome) {
    case 'healed':
    case 'told':
    case 'deaf':
      expect(text).toBe(turn.agent);
      return checkSound(reply);
    case 'mute':
      expect(text.endsWith(turn.agent)).toBe(true);
      // A fixed line may come first, and aloud.
      return expect(reply.audioMs).toBeLessThanOrEqual(
        (reply.text.length - (partly ? 0 : turn.agent.length)) * MS_PER_CHARACTER,
      );
    case 'broken off':
      if (!partly) return checkReply('sorry', turn, reply, false);
      expect(text).toMatch(/\.$/);
      expect(turn.agent.startsWith(text)).toBe(true);
      return checkSound(reply);
    case 'sorry':
      expect(text).not.toBe('');
      expect(turn.agent).not.toContain(text);
      return checkSound(reply);
    default:
      outcome satisfies never;
  }
}

/** What is said without the filler that may come first on a slow machine. */
function ownWords({ text }: Utterance): string {
  return text.startsWith(FILLER) ? text.slice(FILLER.length) : text;
}

/** Every character was voiced once; the space behind a piece is, or is not, as the way it takes has it. */
function checkSound({ text, pieces, audioMs }: Utterance): void {
  const characters = text.length - (pieces - 1);
  expect(audioMs).toBeGreaterThan(characters * MS_PER_CHARACTER - SAMPLE_MS);
  expect(audioMs).toBeLessThan((characters + pieces) * MS_PER_CHARACTER + SAMPLE_MS);
}

const CODES = {
  deepgram: 'recogniser_unavailable',
  openai: 'model_unavailable',
  elevenlabs: 'synthesiser_unavailable',
} as const;

function checkTroubles({ provider, outcome }: Cell, { troubles }: ClientCall): void {
  if (outcome === 'healed') return expect(troubles).toEqual([]);
  expect([...troubles.map(({ code }) => code), CODES[provider]]).toEqual(
    Array.from({ length: troubles.length + 1 }, () => CODES[provider]),
  );
  if (outcome !== 'told') expect(troubles).toContainEqual({ code: CODES[provider], retryable: false });
}

/** How often it is looked whether the last connection has ended, and for how long, in ms. */
const LOOK_MS = 10;
const LAST_LOOK_MS = 10_000;

/** No socket is open on either side, no request waits for its answer, and what was said is what the model was told. */
async function checkNothingLeft(cell: Cell, call: ClientCall, providers: Providers): Promise<void> {
  const soon = { interval: LOOK_MS, timeout: LAST_LOOK_MS };
  await vi.waitFor(async () => expect((await call.left()).sockets).toBe(0), soon);
  await vi.waitFor(() => expect(providers.connected).toBe(0), soon);
  const { entries, invalid } = providers.log;
  expect(invalid).toEqual([]);
  expect(connections(entries, 'close')).toEqual(connections(entries, 'open'));
  if (cell.outcome !== 'healed') return;
  const turns = cell.moment === 'opening' ? [FIRST, STRUCK] : [FIRST, STRUCK, NEXT];
  const said = [call.utterances[0]?.text, ...turns.flatMap(({ caller, agent }) => [caller, agent])];
  expect(lastConversation(entries)).toEqual(said.slice(0, -1));
}

function connections(entries: readonly LogEntry[], kind: 'open' | 'close'): readonly number[] {
  return entries
    .filter((entry) => entry.kind === kind)
    .map(({ connection }) => connection)
    .sort((a, b) => a - b);
}

/** What the model was told of the conversation when it was asked last. */
function lastConversation(entries: readonly LogEntry[]): readonly string[] {
  const bodies = entries.flatMap((entry) =>
    entry.kind === 'request' && entry.provider === 'openai' ? [entry.body] : [],
  );
  const { messages } = bodies.at(-1) as { messages: readonly ChatMessage[] }; // the server has checked it
  return messages.filter(({ role }) => role !== 'system').map(({ content }) => content.replace(FILLER, ''));
}
