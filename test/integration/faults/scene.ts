import { expect } from 'vitest';
import { startProviders } from '../../../src/local/server.ts';
import { spelled } from '../../support/client.ts';
import { localVariables, type RunningWorker } from '../../support/worker.ts';
import { type Blow, hold, strike } from './blow.ts';
import { ClientCall, type Utterance } from './call.ts';
import {
  checkGreeting,
  checkNothingLeft,
  checkReply,
  checkTroubles,
  lossIsSayable,
  wordsOf,
  writtenBy,
} from './checks.ts';
import { FIRST, NEXT, STRUCK, script, type Turn, VOCABULARY } from './script.ts';
import type { Cell } from './table.ts';

const variables: Readonly<Record<string, string>> = {
  // Requests are made when a turn is over and not before, so that each fault meets the request it is meant for.
  SPECULATION: 'off',
  IDLE_PROMPT_SECONDS: '3600',
  // Less to compute for the calls that run side by side.
  ELEVENLABS_SAMPLE_RATE: '8000',
  DEEPGRAM_REPLAY_SPEED: '4',
};

/** Holds the call of one cell, with providers of its own, and checks everything that the cell promises. */
export async function play(cell: Cell, worker: RunningWorker): Promise<void> {
  const providers = await startProviders({ mode: 'scripted', script, warn: () => undefined });
  const blow = { cell, providers };
  let call: ClientCall | undefined;
  try {
    if (cell.moment === 'opening') strike(blow);
    call = await ClientCall.join(worker, { ...localVariables(providers.url), ...variables });
    call.begin();
    await call.heardOut(1);
    if (cell.outcome === 'mute' && cell.moment !== 'opening') await lossIsSayable(providers);
    if (cell.outcome === 'deaf') await playDeaf(blow, call);
    else await playThrough(blow, call);
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
async function playThrough(blow: Blow, call: ClientCall): Promise<void> {
  const { cell } = blow;
  const turns = cell.moment === 'opening' ? [FIRST, STRUCK] : [FIRST, STRUCK, NEXT];
  for (const [i, turn] of turns.entries()) {
    if (turn === STRUCK && cell.moment === 'idle') strike(blow);
    const struckNow = turn === STRUCK && (cell.moment === 'mid-utterance' || cell.moment === 'mid-reply');
    await (struckNow ? sayUnder(blow, call, turn, i + 2) : say(call, turn));
    await call.heardOut(i + 2);
  }
  expect(call.transcripts).toEqual(turns.map(({ caller }) => caller));
  const [greeting, ...replies] = call.utterances;
  checkGreeting(cell, greeting);
  expect(replies).toHaveLength(turns.length);
  for (const [i, reply] of replies.entries()) {
    const turn = turns[i] ?? NEXT; // there are as many
    const struck = cell.moment === 'opening' || turn !== FIRST;
    checkReply(struck ? cell : { ...cell, outcome: 'healed' }, turn, reply);
  }
}

/** What is said before the recogniser is lost is answered; afterwards the caller types. */
async function playDeaf(blow: Blow, call: ClientCall): Promise<void> {
  const { moment } = blow.cell;
  const turns = { opening: [], idle: [FIRST], 'mid-utterance': [FIRST], 'mid-reply': [FIRST, STRUCK] }[
    moment
  ];
  for (const [i, turn] of turns.entries()) {
    await (turn === STRUCK ? sayUnder(blow, call, turn, i + 2) : say(call, turn));
    await call.heardOut(i + 2);
  }
  if (moment === 'idle') strike(blow);
  if (moment === 'mid-utterance') {
    await sayUnder(blow, call, STRUCK, 0);
    // The words before the loss are a turn, whatever they are worth.
    await call.heardOut(turns.length + 2);
  }
  await call.until('word of the loss', () => call.troubles.find(({ retryable }) => !retryable));
  call.type(NEXT.caller);
  const reply = await answered(call, NEXT);
  checkReply({ ...blow.cell, outcome: 'healed' }, NEXT, reply);
  const broken = call.transcripts.slice(turns.length, -1);
  expect(call.transcripts).toEqual([...turns.map(({ caller }) => caller), ...broken, NEXT.caller]);
  expect(broken).toHaveLength(moment === 'mid-utterance' ? 1 : 0);
  for (const words of broken) expect(wordsOf(STRUCK.caller)).toMatch(new RegExp(`^${wordsOf(words)}\\b`));
}

function answered(call: ClientCall, { agent }: Turn): Promise<Utterance> {
  return call.heardOutThe(`answer: ${agent}`, (utterance) => writtenBy(utterance) === agent);
}

async function say(call: ClientCall, { caller }: Turn): Promise<void> {
  await call.microphone.say(spelled(caller, VOCABULARY));
}

/** Speaks one turn. The blow falls once the recogniser has heard words of it, or when the agent's turn `answer` sounds. */
async function sayUnder(blow: Blow, call: ClientCall, turn: Turn, answer: number): Promise<void> {
  const from = call.frames.length;
  const said = say(call, turn);
  await call.frame('an interim', ({ eventType }) => eventType === 'voicechat.transcript.interim', from);
  if (blow.cell.moment === 'mid-utterance') strike(blow);
  else hold(blow);
  await said;
  if (blow.cell.moment === 'mid-utterance') return;
  await call.until('the reply to sound', () => call.utterances[answer - 1]?.audioMs || undefined);
  strike(blow);
}
