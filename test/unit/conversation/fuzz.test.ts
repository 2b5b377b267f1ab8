import { expect, it } from 'vitest';
import type { CallEvent } from '../../../src/conversation/events.ts';
import { Random } from '../../support/random.ts';
import { alignment, broken, refused, Scene, silence } from '../../support/scene.ts';

const RUNS = 2000;
const EVENTS = 200;
/** Seeds that once found a bug. */
const PINNED: readonly number[] = [2, 26];
/** Every state is left within this time of virtual silence, in ms. */
const LONGEST_WAIT_MS = 180_000;

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
  const call = new Scene();
  for (let i = 0; i < EVENTS; i++) {
    if (random.below(3) === 0) call.pass(random.pick([1, 20, 300, 1500, 9000]));
    call.on(anything(random, call));
  }
  wire(call);
  prompts(call);
  call.pass(LONGEST_WAIT_MS);
  settled(call);
}

/** Any event at all, likely or not: news for living, dead and future replies, in any order. */
function anything(random: Random, call: Scene): CallEvent {
  const reply = Math.max(0, call.replyNumber() - random.pick([0, 0, 0, 0, 1, 2, -1]));
  const text = random.pick(['', 'yes', 'uh-huh', 'stop', 'how much is it', 'tell me more about that please']);
  const said = random.pick(['Sure. ', 'It is ten dollars, for each ', 'of you. And then', ' what? ', '']);
  const utteranceId = call.latestUtteranceId;
  const failure = random.pick([broken, broken, refused]);
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
    () => ({ type: 'recogniser.open' }),
    () => ({ type: 'recogniser.speech' }),
    () => ({ type: 'recogniser.interim', text }),
    () => ({ type: 'recogniser.final', text, endMs: random.pick([undefined, random.below(20_000)]) }),
    () => ({ type: 'recogniser.failed', failure }),
    () => ({ type: 'model.text', reply, text: said }),
    () => ({ type: 'model.text', reply, text: said }),
    () => ({ type: 'model.done', reply }),
    () => ({ type: 'model.failed', reply, failure }),
    () => ({ type: 'voice.audio', reply, pcm: silence(random.pick([20, 200, 900])), alignment: undefined }),
    () => ({ type: 'voice.audio', reply, pcm: silence(500), alignment: alignment(said) }),
    () => ({ type: 'voice.done', reply }),
    () => ({ type: 'voice.failed', reply, failure }),
  ])();
}

interface Utterance {
  complete: boolean;
  stopped: boolean;
}

/** What the client is promised: one voice at a time, one start, nothing after a stop, nothing after the end. */
function wire(call: Scene): void {
  const utterances = new Map<string, Utterance>();
  let ended = false;
  for (const { event, payload } of call.all('send')) {
    check(!ended, `${event} after the end`);
    if (event === 'voicechat.call.ended') ended = true;
    if (!('utteranceId' in payload) || event === 'voicechat.turn.metrics') continue;
    const { utteranceId } = payload;
    const utterance = utterances.get(utteranceId);
    if (event === 'voicechat.response.start') {
      check(utterance === undefined, 'a second start');
      check(
        [...utterances.values()].every(({ complete, stopped }) => complete || stopped),
        'two voices',
      );
      utterances.set(utteranceId, { complete: false, stopped: false });
      continue;
    }
    check(utterance !== undefined, `${event} before its start`);
    check(!utterance?.stopped, `${event} after a stop`);
    if (event === 'voicechat.response.interrupt') Object.assign(utterance ?? {}, { stopped: true });
    else check(!utterance?.complete, `${event} after complete`);
    if (event === 'voicechat.response.complete') Object.assign(utterance ?? {}, { complete: true });
  }
}

/** A plain condition, because `expect` is slow and there are a million of them. */
function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** What the model is shown: the prompt, then caller and agent in turns, the caller last, and not without bound. */
function prompts(call: Scene): void {
  for (const messages of call.asked()) {
    const roles = messages.map(({ role }) => role);
    expect(roles[0]).toBe('system');
    expect(roles.at(-1)).toBe('user');
    expect(
      roles.slice(1).every((role, i) => role !== roles[i]),
      'roles alternate',
    ).toBe(true);
    expect(messages.length).toBeLessThanOrEqual(61);
  }
}

/** Left alone, a call is listening or over; nothing waits for something that never comes. */
function settled(call: Scene): void {
  const state = call.sent('voicechat.state').at(-1)?.state ?? 'idle';
  if (call.conversation.ended) return;
  expect(['idle', 'listening'], 'left alone, the call listens').toContain(state);
}
