import { describe, expect, it } from 'vitest';
import { durationMs } from '../../../src/audio/pcm.ts';
import { broken, LINES, Scene, silence, tone } from '../../support/scene.ts';

const start = { type: 'caller.start', samplingRate: 16_000, language: 'en-US' } as const;

/** A whole exchange; returns how long after the last word the turn was over, in ms. */
function exchange(call: Scene, text: string): number {
  const endedAt = call.utter(text);
  call.pass(900);
  const overMs = call.sentTimes('voicechat.transcript.final', endedAt).at(-1) ?? Number.NaN;
  call.answer('That is good to know.');
  call.voice();
  call.pass(5000);
  return overMs;
}

describe('a turn', () => {
  it('[T1] shows interim and final words under one turn id and asks the model', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: 'how' });
    call.on({ type: 'recogniser.interim', text: 'how much' });
    call.on({ type: 'recogniser.final', text: 'How much?', endMs: 900 });
    call.pass(200);
    const [first, second] = call.sent('voicechat.transcript.interim');
    const [final] = call.sent('voicechat.transcript.final');
    expect([first?.text, second?.text, final?.text]).toEqual(['how', 'how much', 'How much?']);
    expect(new Set([first?.turnId, second?.turnId, final?.turnId]).size).toBe(1);
    expect(call.asked()[0]?.at(-1)).toEqual({ role: 'user', content: 'How much?' });
    expect(call.asked()[0]?.[0]).toEqual({ role: 'system', content: 'PROMPT' });
  });

  it('[T1] the next turn has an id of its own', () => {
    const call = new Scene().opened();
    exchange(call, 'How much is it?');
    exchange(call, 'And for two?');
    const [first, second] = call.sent('voicechat.transcript.final');
    expect(first?.turnId).not.toBe(second?.turnId);
    expect(call.turns()).toEqual(['How much is it?', 'And for two?']);
  });

  it('[T1] words that were said before the caller typed the rest reach the model, too', () => {
    const call = new Scene().opened();
    call.utter('My email is');
    call.pass(300);
    call.on({ type: 'caller.text', text: 'jo@acme.com' });
    expect(call.asked().at(-1)?.at(-1)?.content).toContain('My email is');
    expect(call.asked().at(-1)?.at(-1)?.content).toContain('jo@acme.com');
  });

  it('[T2] silence is no turn', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: '' });
    call.on({ type: 'recogniser.final', text: '', endMs: undefined });
    expect(call.commands).toEqual([]);
  });

  it('[T2] an empty transcript within a turn neither ends it nor takes words from it', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: 'how much' });
    call.on({ type: 'recogniser.interim', text: '' });
    call.on({ type: 'recogniser.final', text: '', endMs: undefined });
    call.pass(3000);
    expect(call.turns()).toEqual([]);
    call.on({ type: 'recogniser.final', text: 'How much?', endMs: undefined });
    expect(call.turns()).toEqual(['How much?']);
  });
});

describe('a caller who goes on', () => {
  it('[T3] before the agent sounds is answered once, to all the words', () => {
    const call = new Scene().opened();
    call.say('Can you tell me');
    const first = call.replyNumber();
    call.say('what it costs');
    expect(call.all('model.cancel')).toEqual([{ type: 'model.cancel', ask: first }]);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    expect(call.asked().at(-1)?.at(-1)).toEqual({ role: 'user', content: 'Can you tell me what it costs' });
  });

  /** The agent has begun to answer "Can you tell me" `ms` ago, and the caller goes on. */
  function resumed(ms: number): Scene {
    const call = new Scene().opened();
    call.utter('Can you tell me.');
    call.pass(400);
    call.answer('One two three four five six.');
    call.speak();
    call.pass(ms);
    call.on({ type: 'recogniser.interim', text: 'what it costs' });
    call.on({ type: 'recogniser.final', text: 'What it costs?', endMs: undefined });
    call.pass(800);
    return call;
  }

  it('[T3] 50 ms after the agent began merges: one turn id, and one message to the model', () => {
    const call = resumed(50);
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    expect(call.all('voice.cancel')).toHaveLength(1);
    expect(call.turns()).toEqual(['Can you tell me.', 'Can you tell me. What it costs?']);
    expect(new Set(call.sent('voicechat.transcript.final').map(({ turnId }) => turnId)).size).toBe(1);
    expect(call.shown().at(-1)).toBe('user: Can you tell me. What it costs?');
  });

  it('[T3] 300 ms after it began still merges, and what was heard of it is kept', () => {
    const call = resumed(300);
    expect(new Set(call.sent('voicechat.transcript.final').map(({ turnId }) => turnId)).size).toBe(1);
    expect(call.turns().at(-1)).toBe('Can you tell me. What it costs?');
    expect(call.shown().slice(1)).toEqual([
      'user: Can you tell me.',
      'assistant: One two (interrupted)',
      'user: What it costs?',
    ]);
  });

  it('[T3] 301 ms after it began has a new turn', () => {
    const call = resumed(301);
    expect(new Set(call.sent('voicechat.transcript.final').map(({ turnId }) => turnId)).size).toBe(2);
    expect(call.turns()).toEqual(['Can you tell me.', 'What it costs?']);
  });

  it('[T3] three times is answered once, to all the words', () => {
    const call = new Scene().opened();
    for (const words of ['So we have.', 'Ten people.', 'In two offices.']) call.goOn(500, words);
    call.pass(1000);
    call.answer('That is a good size.');
    call.voice();
    expect(call.turns().at(-1)).toBe('So we have. Ten people. In two offices.');
    expect(call.shown().at(-1)).toBe('user: So we have. Ten people. In two offices.');
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
  });
});

describe('a turn ended by hand', () => {
  it('[T4] asks for the final words, once', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: 'yes' });
    call.on({ type: 'caller.turn-end' });
    call.on({ type: 'caller.turn-end' });
    expect(call.all('recogniser.finalize')).toHaveLength(1);
    call.on({ type: 'recogniser.final', text: 'Yes.', endMs: 500 });
    expect(call.asked()).toHaveLength(1);
  });

  it('[T4] is over with the final words, however unfinished, and the next one is ended anew', () => {
    const call = new Scene().opened();
    const from = call.now;
    call.on({ type: 'recogniser.interim', text: 'my number is' });
    call.on({ type: 'caller.turn-end' });
    call.hush(60);
    call.on({ type: 'recogniser.final', text: 'My number is', endMs: 40 });
    expect(call.sentTimes('voicechat.transcript.final', from)).toEqual([60]);
    call.on({ type: 'caller.turn-end' });
    expect(call.times('recogniser.finalize', from)).toEqual([0, 60]);
  });

  it('[T5] without an answer to the finalize the words so far are the turn, and late news of them is dropped', () => {
    const call = new Scene().opened();
    call.on({ type: 'caller.audio', pcm: silence(800) });
    const from = call.now;
    call.on({ type: 'recogniser.interim', text: 'yes please' });
    call.on({ type: 'caller.turn-end' });
    call.pass(5000);
    expect(call.turns()).toEqual(['yes please']);
    expect(call.sentTimes('voicechat.transcript.final', from)).toEqual([1000]);
    call.on({ type: 'recogniser.final', text: 'Yes, please.', endMs: 700 });
    expect(call.turns()).toEqual(['yes please']);
    expect(call.asked()).toHaveLength(1);
  });

  it('[T5] late words that are still shown before they are final are not asked about twice', () => {
    const call = new Scene().opened();
    call.talk(800);
    call.on({ type: 'recogniser.interim', text: 'yes please' });
    call.on({ type: 'caller.turn-end' });
    call.hush(1000);
    call.on({ type: 'recogniser.interim', text: 'yes please' });
    call.hush(40);
    call.on({ type: 'recogniser.final', text: 'Yes, please.', endMs: 790 });
    call.hush(6000);
    expect(call.asked().map((messages) => messages.at(-1)?.content)).not.toContain('yes please yes please');
    expect(call.turns()).toEqual(['yes please']);
  });

  it('[T5] late final words never leak into the next turn', () => {
    const call = new Scene().opened();
    call.talk(800);
    call.on({ type: 'recogniser.interim', text: 'yes please' });
    call.on({ type: 'caller.turn-end' });
    call.pass(1000);
    call.answer('That is good to know.');
    call.voice();
    call.pass(5000);
    call.talk(400);
    call.on({ type: 'recogniser.interim', text: 'how much' });
    call.on({ type: 'recogniser.final', text: 'Yes, please.', endMs: 790 });
    call.utter('How much?');
    call.pass(300);
    expect(call.turns()).toEqual(['yes please', 'How much?']);
    expect(call.shown().at(-1)).toBe('user: How much?');
  });

  it('[T6] without speech has no response', () => {
    const call = new Scene().opened();
    call.on({ type: 'caller.turn-end' });
    call.pass(10_000);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    expect(call.asked()).toEqual([]);
  });

  it('[T6] has none either when the recogniser answers with nothing', () => {
    const call = new Scene().opened();
    call.on({ type: 'caller.turn-end' });
    call.on({ type: 'recogniser.final', text: '', endMs: undefined });
    call.pass(10_000);
    expect(call.turns()).toEqual([]);
    expect(call.states()).toEqual([]);
  });
});

describe('a recogniser that is not open', () => {
  it('[T7] is given the audio that waited, in order, and the hand-ended turn with it', () => {
    const call = new Scene();
    call.on(start);
    const [a, b] = [silence(20), tone(20)];
    call.on({ type: 'caller.audio', pcm: a });
    call.on({ type: 'caller.audio', pcm: b });
    call.on({ type: 'caller.turn-end' });
    expect(call.all('recogniser.audio')).toEqual([]);
    call.pass(3000);
    const commands = call.on({ type: 'recogniser.open' });
    expect(commands.map(({ type }) => type)).toEqual([
      'recogniser.begin',
      'recogniser.audio',
      'recogniser.finalize',
    ]);
    expect(call.all('recogniser.audio').map(({ pcm }) => Buffer.from(pcm))).toEqual([Buffer.concat([a, b])]);
  });

  it('[T7] finds the last 16 s, and the client is told when more was dropped', () => {
    const call = new Scene();
    call.on(start);
    for (let i = 0; i < 800; i++) call.on({ type: 'caller.audio', pcm: silence(20) });
    expect(call.sent('voicechat.error')).toEqual([]);
    for (let i = 0; i < 100; i++) call.on({ type: 'caller.audio', pcm: silence(20) });
    expect(call.sent('voicechat.error').map(({ code }) => code)).toEqual(['audio_overflow']);
    call.on({ type: 'recogniser.open' });
    const given = Buffer.concat(call.all('recogniser.audio').map(({ pcm }) => pcm));
    expect(durationMs(given.byteLength, 16_000)).toBe(16_000);
    expect(call.all('recogniser.begin')).toEqual([expect.objectContaining({ offsetMs: 2000 })]);
  });

  it('[T8] leaves words without a final: they are the turn when it has had 6 s to be back', () => {
    const call = new Scene().opened();
    call.on({ type: 'recogniser.interim', text: 'how much' });
    call.pass(3000);
    call.on({ type: 'recogniser.interim', text: 'how much is it' });
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(5999);
    expect(call.asked()).toEqual([]);
    call.pass(1);
    expect(call.asked()[0]?.at(-1)).toEqual({ role: 'user', content: 'how much is it' });
  });

  it('[T8] a final that comes after that is late', () => {
    const call = new Scene().opened();
    call.talk(600);
    call.on({ type: 'recogniser.interim', text: 'how much is it' });
    call.hush(4000);
    call.on({ type: 'recogniser.final', text: 'How much is it?', endMs: 600 });
    call.pass(1000);
    expect(call.turns()).toEqual(['how much is it']);
    expect(call.asked()).toHaveLength(1);
  });
});

describe('finals', () => {
  it('[T14] of a turn that is over are late, whatever they say', () => {
    const call = new Scene().opened();
    call.utter('Yes please.', { ms: 600 });
    call.hush(200);
    const before = call.commands.length;
    call.on({ type: 'recogniser.final', text: 'Yes.', endMs: 400 });
    call.on({ type: 'recogniser.final', text: 'Yes, please do.', endMs: 600 });
    expect(call.commands).toHaveLength(before);
    expect(call.asked()).toHaveLength(1);
  });

  it('[T14] out of order are put in order', () => {
    const call = new Scene().opened();
    call.talk(2000);
    const endedAt = call.now;
    call.on({ type: 'recogniser.final', text: 'what it costs.', endMs: 2000 });
    call.on({ type: 'recogniser.final', text: 'Can you tell me', endMs: 1000 });
    call.hush(1000);
    expect(call.turns()).toEqual(['Can you tell me what it costs.']);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([200]);
    expect(call.shown().at(-1)).toBe('user: Can you tell me what it costs.');
  });
});

describe('a request to wait', () => {
  it.each(['Hold on a minute', 'One moment please'])('[T15] "%s" is answered with a fixed line', (words) => {
    const call = new Scene().opened();
    const endedAt = call.utter(words);
    call.hush(300);
    expect(call.asked()).toEqual([]);
    expect(call.times('voice.say', endedAt)).toEqual([200]);
    expect(call.all('voice.say')).toMatchObject([{ text: LINES.wait, route: 'phrase' }]);
    call.voice();
    call.pass(5000);
    call.say('I am back.');
    expect(call.shown().slice(1)).toEqual([`user: ${words}`, `assistant: ${LINES.wait}`, 'user: I am back.']);
  });

  it('[T15] with more than that is a turn for the model', () => {
    const call = new Scene().opened();
    call.say('Hold on, how much is it?');
    expect(call.asked()).toHaveLength(1);
    expect(call.said()).toEqual([]);
  });
});
