import { expect, it } from 'vitest';
import type { CallEvent } from '../../../src/conversation/events.ts';
import { Random } from '../../support/random.ts';
import {
  alignment,
  broken,
  LINES,
  refused,
  Scene,
  silence,
  spent,
  tone,
  unknownVoice,
} from '../../support/scene.ts';

const RUNS = 2000;
const EVENTS = 200;
/** Seeds that once found a bug. */
const PINNED: readonly number[] = [2, 26];
/** Every state is left within this time of virtual silence, in ms. */
const LONGEST_WAIT_MS = 180_000;
/** A paused voice goes on, or stops, within this time, in ms. */
const LONGEST_PAUSE_MS = 1000;
/** What the model may be shown, in characters, besides the prompt: the history's bound and the last words. */
const MOST_SHOWN = 30_000;

it(`keeps its promises in ${RUNS} runs of ${EVENTS} random events`, () => {
  const first = Number(process.env['FUZZ_SEED'] ?? 1);
  const seeds = [...PINNED, ...Array.from({ length: RUNS }, (_, i) => first + i)];
  for (const seed of seeds) {
    try {
      run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
});

function run(seed: number): void {
  const random = new Random(seed);
  const pace = {
    speculation: random.below(4) > 0,
    idlePromptMs: 10_000,
    audioAheadMs: random.pick([1000, 5000]),
    maxCallMs: random.pick([120_000, 900_000]),
  };
  const recognisers = random.pick([1, 2] as const);
  const recognition = { recognisers, replaySpeed: 1.25 };
  const rival = { afterMs: random.pick([0, 300, 1000]), differs: random.below(2) === 0 };
  const plan = { pace, recognition, rival };
  const call = new Scene(plan);
  const losses: number[] = [];
  for (let i = 0; i < EVENTS; i++) {
    if (random.below(3) === 0) call.pass(random.pick([1, 20, 300, 1500, 9000]));
    const event = anything(random, call);
    if (event.type === 'caller.lost' || event.type === 'caller.returned') losses.push(call.now);
    call.on(event);
    awake(call);
  }
  wire(call, losses);
  replays(call);
  prompts(call);
  requests(call);
  if (seed % 4 === 0 && !call.conversation.ended && call.memory !== undefined)
    goOn(call.reborn(plan), random);
  call.pass(LONGEST_WAIT_MS);
  settled(call);
}

/** A call whose object died keeps the same promises. */
function goOn(call: Scene, random: Random): void {
  if (random.below(2) === 0) call.back();
  if (random.below(2) === 0) call.back({ playedMs: random.below(3000), receivedMs: random.below(3000) });
  call.pass(LONGEST_WAIT_MS);
  wire(call, []);
  prompts(call);
  settled(call);
}

/** Any event at all, likely or not: news for living, dead and future replies, in any order. */
function anything(random: Random, call: Scene): CallEvent {
  const reply = Math.max(0, call.replyNumber() - random.pick([0, 0, 0, 0, 1, 2, -1]));
  const ask = Math.max(0, call.askNumber() - random.pick([0, 0, 0, 0, 1, 1, 2, -1]));
  const text = random.pick(['', 'yes', 'uh-huh', 'stop', 'how much is it', 'tell me more about that please']);
  const said = random.pick(['Sure. ', 'It is ten dollars, for each ', 'of you. And then', ' what? ', '']);
  const utteranceId = call.latestUtteranceId;
  const failure = random.pick([broken, broken, refused, spent, unknownVoice]);
  return random.pick<() => CallEvent>([
    () => ({ type: 'caller.start', samplingRate: random.pick([16_000, 16_000, 48_000]), language: 'en-US' }),
    () => ({ type: 'caller.audio', pcm: silence(20) }),
    () => ({ type: 'caller.audio', pcm: silence(20) }),
    () => ({ type: 'caller.turn-end' }),
    () => ({ type: 'caller.text', text: text || 'hello' }),
    () => ({
      type: 'caller.playback',
      utteranceId,
      playedMs: random.below(5000),
      ended: random.below(4) === 0,
    }),
    () => (random.below(60) === 0 ? { type: 'caller.hang-up' } : { type: 'tick' }),
    () => (random.below(3) === 0 ? { type: 'caller.lost' } : { type: 'tick' }),
    () => ({ type: 'caller.returned' }),
    () => {
      const receivedMs = random.below(5000);
      return {
        type: 'caller.playback',
        utteranceId,
        playedMs: random.below(5000),
        receivedMs,
        ended: random.below(4) === 0,
      };
    },
    () => ({ type: 'recogniser.open' }),
    () => ({ type: 'recogniser.speech' }),
    () => ({ type: 'recogniser.interim', text }),
    () => ({ type: 'recogniser.interim', text, endMs: random.below(20_000) }),
    () => ({ type: 'recogniser.segment', text: 'how much', endMs: random.below(20_000) }),
    () => ({ type: 'recogniser.listened', untilMs: random.below(20_000) }),
    () => ({ type: 'recogniser.eager', text }),
    () => ({ type: 'recogniser.resumed' }),
    () => ({ type: 'recogniser.final', text, endMs: random.pick([undefined, random.below(20_000)]) }),
    () => ({ type: 'recogniser.failed', failure }),
    () => ({ type: 'model.text', ask, text: said }),
    () => ({ type: 'model.text', ask, text: said }),
    () => ({ type: 'model.done', ask, ...(random.below(3) === 0 ? { cut: true } : {}) }),
    () => (random.below(5) === 0 ? { type: 'model.end-call', ask, outcome: 'booked' } : { type: 'tick' }),
    () => ({ type: 'voice.ready', text: random.pick([LINES.filler, LINES.voiceLost]) }),
    () => ({ type: 'model.failed', ask, failure }),
    () => ({
      type: 'voice.audio',
      reply,
      pcm: random.pick([silence, tone])(random.pick([20, 200, 900])),
      alignment: undefined,
    }),
    () => ({ type: 'voice.audio', reply, pcm: tone(500), alignment: alignment(said) }),
    () => ({ type: 'voice.done', reply }),
    () => ({ type: 'voice.failed', reply, failure }),
  ])();
}

/** Whoever is in a call is never left without a time at which something happens. */
function awake(call: Scene): void {
  const begun = call.sent('voicechat.state').length > 0;
  if (!begun || call.conversation.ended) return;
  check(call.conversation.deadline !== undefined, 'a state without a deadline');
}

/** A recogniser is told where it begins before its first audio, once, and only an open one is given any. */
function replays(call: Scene): void {
  let begun = false;
  for (const { command } of call.commands) {
    if (command.type === 'recogniser.open' || command.type === 'recogniser.close') begun = false;
    if (command.type === 'recogniser.audio' || command.type === 'recogniser.finalize')
      check(begun, `${command.type} before the beginning`);
    if (command.type !== 'recogniser.begin') continue;
    check(!begun, 'begun twice');
    check(command.offsetMs >= 0, 'begun before the call');
    begun = true;
  }
}

interface Utterance {
  complete: boolean;
  stopped: boolean;
  pausedAt: number | undefined;
}

/** What the client is promised: one voice at a time, one start, nothing after a stop, nothing after the end. */
function wire(call: Scene, losses: readonly number[]): void {
  const utterances = new Map<string, Utterance>();
  let ended = false;
  for (const { at, command } of call.commands) {
    if (command.type === 'caller.catch-up') {
      const utterance = utterances.get(command.unfinished ?? '');
      if (utterance !== undefined) utterance.complete = false;
    }
    if (command.type !== 'send') continue;
    const { event, payload } = command;
    check(!ended, `${event} after the end`);
    if (event === 'voicechat.call.ended') ended = true;
    for (const { pausedAt } of utterances.values())
      check(
        pausedAt === undefined || at - pausedAt <= LONGEST_PAUSE_MS || isBroken(pausedAt, losses),
        'paused for too long',
      );
    if (!('utteranceId' in payload) || event === 'voicechat.turn.metrics') continue;
    const { utteranceId } = payload;
    const utterance = utterances.get(utteranceId);
    if (event === 'voicechat.response.start') {
      check(utterance === undefined, 'a second start');
      check(
        [...utterances.values()].every(({ complete, stopped }) => complete || stopped),
        'two voices',
      );
      utterances.set(utteranceId, { complete: false, stopped: false, pausedAt: undefined });
      continue;
    }
    if (utterance === undefined) throw new Error(`${event} before its start`);
    check(!utterance.stopped, `${event} after a stop`);
    obey(utterance, event, at);
  }
}

/** A pause during which the caller was lost lasts until he is back. */
function isBroken(pausedAt: number, losses: readonly number[]): boolean {
  return losses.some((lostAt) => lostAt >= pausedAt && lostAt <= pausedAt + LONGEST_PAUSE_MS);
}

function obey(utterance: Utterance, event: string, at: number): void {
  switch (event) {
    case 'voicechat.response.interrupt':
      utterance.stopped = true;
      utterance.pausedAt = undefined;
      return;
    case 'voicechat.response.pause':
      check(utterance.pausedAt === undefined, 'paused twice');
      utterance.pausedAt = at;
      return;
    case 'voicechat.response.resume':
      check(utterance.pausedAt !== undefined, 'resumed without a pause');
      utterance.pausedAt = undefined;
      return;
    default:
      check(!utterance.complete, `${event} after complete`);
      if (event === 'voicechat.response.complete') utterance.complete = true;
  }
}

/** A plain condition, because `expect` is slow and there are a million of them. */
function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/**
 * What the model is shown: the prompt, then caller and agent in turns, the caller last, and not without bound. One that
 * is to go on with an answer is shown that and a note besides.
 */
function prompts(call: Scene): void {
  for (const asked of call.asked()) {
    const goesOn = asked.at(-1)?.content === 'GO ON';
    const messages = goesOn ? asked.slice(0, -2) : asked;
    if (goesOn) check(asked.at(-2)?.role === 'assistant' && asked.at(-2)?.content !== '', 'nothing to go on');
    const roles = messages.map(({ role }) => role);
    check(roles[0] === 'system', 'the prompt comes first');
    check(roles.at(-1) === 'user', 'the caller comes last');
    check(
      roles.slice(1).every((role, i) => role !== roles[i]),
      'roles alternate',
    );
    check(messages.length <= 62, 'too many messages');
    const shown = asked.slice(1).reduce((sum, { content }) => sum + content.length, 0);
    check(shown < MOST_SHOWN, 'too much is shown');
  }
}

/** Every request has a number of its own, and is cancelled once at most. */
function requests(call: Scene): void {
  const running = new Set<number>();
  const begun = new Set<number>();
  for (const { command } of call.commands) {
    if (command.type === 'model.ask') {
      check(!begun.has(command.ask), 'a number twice');
      begun.add(command.ask);
      running.add(command.ask);
    }
    if (command.type === 'model.cancel') check(running.delete(command.ask), 'cancelled, but not running');
  }
}

/** Left alone, a call is listening or over; nothing waits for something that never comes. */
function settled(call: Scene): void {
  const state = call.sent('voicechat.state').at(-1)?.state ?? 'idle';
  if (call.conversation.ended) return;
  if (
    call.all('recogniser.open').length > 0 &&
    !call
      .sent('voicechat.error')
      .some(({ code, retryable }) => code === 'recogniser_unavailable' && !retryable)
  )
    throw new Error('left alone by a silent caller, the call does not end');
  expect(['idle', 'listening'], 'left alone, the call listens').toContain(state);
}
