import { expect, vi } from 'vitest';
import type { Providers } from '../../../src/local/server.ts';
import type { ChatMessage } from '../../../src/local/sources.ts';
import type { LogEntry } from '../../../src/local/wire/log.ts';
import type { ClientCall, Utterance } from './call.ts';
import { FIRST, MS_PER_CHARACTER, NEXT, STRUCK, type Turn } from './script.ts';
import type { Cell } from './table.ts';

/** Sums of samples are rounded, and a first sample that is zero is cut as silence, in ms. */
const SAMPLE_MS = 1;
const FILLER = 'One moment, please. ';
const VOICE_LOST = 'I am sorry, my voice is failing. You can read my answers on the screen. ';

/** The line about the lost voice is being made ready. */
export async function lossIsSayable({ log }: Providers): Promise<void> {
  await log.waitFor(
    (entry) => entry.kind === 'request' && JSON.stringify(entry.body)?.includes(VOICE_LOST.trim()) === true,
  );
}

export function checkGreeting({ moment, outcome }: Cell, greeting: Utterance | undefined): void {
  if (greeting === undefined) throw new Error('there is no greeting');
  expect(greeting.text).toMatch(/^Hi, this is Ava.* Do you have a minute\?$/);
  if (outcome === 'mute' && moment === 'opening') expect(greeting.audioMs).toBe(0);
  else checkSound(greeting);
}

export function checkReply(cell: Cell, turn: Turn, reply: Utterance): void {
  const text = writtenBy(reply);
  const struck = turn === STRUCK && cell.moment === 'mid-reply';
  switch (cell.outcome) {
    case 'healed':
    case 'told':
    case 'deaf':
      expect(text).toBe(turn.agent);
      return checkSound(reply);
    case 'cut':
      expect(text).toBe(struck ? sentencesOf(turn.agent)[0] : turn.agent);
      return checkSound(reply);
    case 'mute':
      return checkMute(cell, turn, reply);
    case 'sorry':
      if (struck) expect(text).toBe(sentencesOf(turn.agent)[0]);
      else checkSorry(text, turn);
      return checkSound(reply);
    default:
      cell.outcome satisfies never;
  }
}

function checkSorry(text: string, { agent }: Turn): void {
  expect(text).not.toBe('');
  expect(agent).not.toContain(text);
}

/** Every word is there to be read. The first struck reply says why, aloud, where that could be made ready. */
function checkMute({ moment }: Cell, turn: Turn, reply: Utterance): void {
  const says = turn === STRUCK && moment !== 'opening';
  const partly = turn === STRUCK && moment === 'mid-reply';
  const text = writtenBy(reply);
  expect(text.split(VOICE_LOST)).toHaveLength(says ? 2 : 1);
  expect(text.replace(VOICE_LOST, '')).toBe(turn.agent);
  const filler = reply.text.startsWith(FILLER) ? FILLER : '';
  const least = says ? VOICE_LOST.trim().length : 0;
  const most = filler.length + (says ? VOICE_LOST.length : 0) + (partly ? turn.agent.length - 1 : 0);
  expect(reply.audioMs).toBeGreaterThan(least * MS_PER_CHARACTER - SAMPLE_MS);
  expect(reply.audioMs).toBeLessThan(most * MS_PER_CHARACTER + SAMPLE_MS);
}

/** What is said without the filler that may come first on a slow machine. */
export function writtenBy({ text }: Utterance): string {
  return text.startsWith(FILLER) ? text.slice(FILLER.length) : text;
}

/** The words alone, without capitals and marks. */
export function wordsOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z ]/g, '');
}

function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=\.) /);
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

/** The client is told once of a recogniser, and of a model or synthesiser for every reply that suffers. */
export function checkTroubles({ provider, moment, outcome }: Cell, { troubles }: ClientCall): void {
  const told = { code: CODES[provider], retryable: ['told', 'cut'].includes(outcome) };
  const replies = moment === 'opening' && outcome === 'mute' ? 3 : 2;
  const count = { healed: 0, told: 1, cut: 1, deaf: 1, sorry: 2, mute: replies }[outcome];
  expect(troubles).toEqual(Array.from({ length: count }, () => told));
}

/** How often it is looked whether the last connection has ended, and for how long, in ms. */
const LOOK_MS = 10;
const LAST_LOOK_MS = 10_000;

/** No socket is open on either side, no request waits for its answer, and what was said is what the model was told. */
export async function checkNothingLeft(cell: Cell, call: ClientCall, providers: Providers): Promise<void> {
  const soon = { interval: LOOK_MS, timeout: LAST_LOOK_MS };
  await vi.waitFor(async () => expect((await call.left()).sockets).toBe(0), soon);
  await vi.waitFor(() => expect(providers.connected).toBe(0), soon);
  const { entries, invalid } = providers.log;
  expect(invalid).toEqual([]);
  expect(connections(entries, 'close')).toEqual(connections(entries, 'open'));
  if (cell.outcome !== 'healed' && cell.outcome !== 'told') return;
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
