import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/conversation/events.ts';
import { broken, COUNTING, LINES, refused, Scene, tone } from '../../support/scene.ts';

function asked(): Scene {
  const call = new Scene().opened();
  call.say('How does it work?');
  return call.mark();
}

function modelFails(call: Scene, failure: Failure, ask = call.askNumber()): void {
  call.on({ type: 'model.failed', ask, failure });
}

function orders(call: Scene): readonly string[] {
  return call.all('voice.say').map((say) => `${say.route}: ${say.text}`);
}

function codes(call: Scene): readonly string[] {
  return call.sent('voicechat.error').map(({ code }) => code);
}

describe('a model that fails', () => {
  it('[M3] before its first word is asked once more, under a new number', () => {
    const call = asked();
    const first = call.replyNumber();
    call.pass(100);
    modelFails(call, broken);
    expect(call.timeline()).toEqual(['100 model.cancel', '100 model.ask']);
    expect(call.all('model.cancel')).toEqual([{ type: 'model.cancel', ask: first }]);
    expect(call.askNumber()).toBeGreaterThan(first);
    expect(call.asked()[1]).toEqual(call.asked()[0]);
    expect(codes(call)).toEqual([]);
    call.mark();
    call.on({ type: 'model.text', ask: first, text: 'It answers your calls. Then' });
    expect(call.timeline()).toEqual([]);
    call.answer('It writes them down.');
    call.voice();
    call.pass(5000);
    call.final('Thank you, and how much is it?');
    expect(call.shown().at(-2)).toBe('assistant: It writes them down.');
  });

  it('[F3] twice has the agent apologise aloud, and the client is told', () => {
    const call = asked();
    modelFails(call, broken);
    call.pass(100);
    modelFails(call, broken);
    expect(call.timeline().slice(2)).toEqual([
      '100 model.cancel',
      '100 error',
      '100 voice.say',
      '100 voice.finish',
    ]);
    expect(orders(call)).toEqual([`phrase: ${LINES.apology}`]);
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'model_unavailable', retryable: true }),
    ]);
    call.voice();
    call.pass(5000);
    call.final('How much is it?');
    expect(call.shown().slice(-2)).toEqual([`assistant: ${LINES.apology}`, 'user: How much is it?']);
  });

  it('[F3] so that no retry can help is not asked again', () => {
    const call = asked();
    modelFails(call, refused);
    expect(call.asked()).toHaveLength(1);
    expect(orders(call)).toEqual([`phrase: ${LINES.apology}`]);
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'model_unavailable', retryable: false }),
    ]);
  });

  it('[M3] without having said anything is one that failed', () => {
    const call = asked();
    call.on({ type: 'model.done', ask: call.askNumber() });
    expect(call.asked()).toHaveLength(2);
    call.on({ type: 'model.done', ask: call.askNumber() });
    expect(orders(call)).toEqual([`phrase: ${LINES.apology}`]);
  });

  it('[M3] while the filler sounds is asked once more, and the answer follows the filler', () => {
    const call = asked();
    call.pass(1200);
    call.speak();
    call.pass(300);
    modelFails(call, broken);
    expect(orders(call)).toEqual([`socket: ${LINES.filler}`]);
    call.answer('It answers your calls.');
    call.audio('It answers your calls.');
    call.done();
    call.pass(5000);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe(`assistant: ${LINES.filler} It answers your calls.`);
  });

  it('[M3] while a filler sounds that has no alignment does not have it said twice', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.filler });
    call.pass(1200);
    call.on({ type: 'voice.audio', reply: call.replyNumber(), pcm: tone(1000), alignment: undefined });
    call.pass(300);
    modelFails(call, broken);
    expect(orders(call)).toEqual([`phrase: ${LINES.filler}`]);
  });

  it('[M3] before the filler sounds is tried again behind it: the filler was ordered once', () => {
    const call = asked();
    call.pass(1200);
    modelFails(call, broken);
    expect(call.all('voice.say')).toMatchObject([{ text: LINES.filler, reply: call.replyNumber() }]);
    expect(call.all('voice.cancel')).toEqual([]);
    expect(call.asked()).toHaveLength(2);
    call.audio(LINES.filler);
    call.answer('It answers your calls.');
    call.audio('It answers your calls.');
    call.done();
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.sent('voicechat.response.text').map(({ text }) => text)).toEqual([
      LINES.filler,
      'It answers your calls.',
    ]);
  });

  it('[F3] twice behind the filler apologises in the same utterance', () => {
    const call = asked();
    call.pass(1200);
    call.speak();
    modelFails(call, broken);
    call.pass(300);
    modelFails(call, broken);
    call.audio(LINES.apology);
    call.done();
    call.pass(5000);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe(`assistant: ${LINES.filler} ${LINES.apology}`);
  });

  it('[F4] after words were said, for good, ends with these, which stand', () => {
    const call = asked();
    const reply = call.replyNumber();
    call.on({ type: 'model.text', ask: reply, text: 'It answers your calls. ' });
    call.pass(100);
    modelFails(call, refused);
    expect(call.timeline()).toEqual(['0 voice.say', '100 model.cancel', '100 error', '100 voice.finish']);
    expect(codes(call)).toEqual(['model_unavailable']);
    call.voice();
    call.pass(5000);
    call.final('How much is it?');
    expect(call.asked()).toHaveLength(2);
    expect(call.shown().at(-2)).toBe('assistant: It answers your calls.');
  });

  it('[F4] behind a whole sentence that was not sent yet has it spoken, and drops the broken one', () => {
    const call = asked();
    const reply = call.replyNumber();
    call.on({ type: 'model.text', ask: reply, text: 'It answers your calls. It writes them down.' });
    modelFails(call, broken);
    expect(call.said()).toEqual(['It answers your calls.', 'It writes them down.']);
    const another = asked();
    another.on({
      type: 'model.text',
      ask: another.replyNumber(),
      text: 'It answers your calls. It writes',
    });
    modelFails(another, broken);
    expect(another.said()).toEqual(['It answers your calls.']);
  });

  it('[F4] does not keep the agent from being interrupted', () => {
    const call = asked();
    call.on({ type: 'model.text', ask: call.replyNumber(), text: `${COUNTING} ` });
    call.speak();
    modelFails(call, broken);
    call.pass(1000);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe('assistant: One two three four (interrupted)');
    expect(call.all('voice.cancel')).toHaveLength(1);
  });
});

describe('a reply without news', () => {
  it('[F7] of the model is given up after 12 s, aloud', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.filler });
    call.pass(1200);
    call.audio(LINES.filler);
    call.pass(11_999);
    expect(codes(call)).toEqual([]);
    call.pass(1);
    expect(codes(call)).toEqual(['model_unavailable']);
    expect(orders(call).at(-1)).toBe(`phrase: ${LINES.apology}`);
    expect(call.timeline().slice(-4)).toEqual([
      '13200 model.cancel',
      '13200 error',
      '13200 voice.say',
      '13200 voice.finish',
    ]);
  });

  it('[F7] of the voice is shown after 12 s', () => {
    const call = asked();
    call.answer(COUNTING);
    call.pass(11_999);
    expect(codes(call)).toEqual([]);
    call.pass(1);
    expect(codes(call)).toEqual(['synthesiser_unavailable']);
    expect(call.timeline().slice(-4)).toEqual([
      '12000 response.start',
      '12000 response.text',
      '12000 response.complete',
      '12000 turn.metrics',
    ]);
    expect(call.states().at(-1)).toBe('listening');
  });

  it('[F7] any news puts it off', () => {
    const call = asked();
    for (let i = 0; i < 5; i++) {
      call.pass(10_000);
      call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It answers your calls every day. ' });
      call.speak();
    }
    expect(codes(call)).toEqual([]);
  });

  it('[F7] that has failed altogether leaves a call that listens', () => {
    const call = asked();
    call.pass(120_000);
    expect(call.states().at(-1)).toBe('listening');
    call.final('Are you there?');
    expect(call.shown().at(-1)).toContain('Are you there?');
  });
});
