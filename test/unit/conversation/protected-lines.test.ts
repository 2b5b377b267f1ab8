import { describe, expect, it } from 'vitest';
import { LINES, Scene } from '../../support/scene.ts';

const QUESTION = 'how much is it';

describe('the greeting', () => {
  it('[O4] is said to its end, and the words that fell into it are answered when it has sounded', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.on({ type: 'recogniser.open' });
    call.mark();
    call.voice();
    call.pass(300);
    call.interim('who is calling');
    call.pass(300);
    call.final('who is calling');
    expect(call.asked()).toEqual([]);
    call.pass(349);
    expect(call.asked()).toEqual([]);
    call.pass(1);
    expect(call.timeline()).toEqual([
      '0 response.start',
      '0 response.text',
      '0 response.chunk',
      '0 response.complete',
      '300 transcript.interim',
      '600 transcript.final',
      '950 voice.learn',
      '950 turn.metrics',
      '950 model.ask',
    ]);
    expect(call.shown()).toEqual(['assistant: Hello, this is Ava.', 'user: who is calling']);
  });

  it('[O4] is not paused by a sound', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.on({ type: 'recogniser.open' });
    call.mark();
    call.speak();
    call.pass(300);
    call.sound();
    call.pass(700);
    expect(call.timeline().slice(-1)).toEqual(['300 voice.prepare']);
  });

  it('[O4] several turns that fell into it are answered together, once', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.on({ type: 'recogniser.open' });
    call.voice();
    call.pass(200);
    call.final('who is calling');
    call.pass(200);
    call.final('what is this about');
    call.pass(550);
    expect(call.asked()).toHaveLength(1);
    expect(call.shown()).toEqual([
      'assistant: Hello, this is Ava.',
      'user: who is calling what is this about',
    ]);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
  });
});

describe('an agent that is leaving', () => {
  const GOODBYE = 'Thank you for your time and have a good day.';

  function leaving(): Scene {
    const call = new Scene().opened();
    call.say('That was all.');
    const reply = call.replyNumber();
    call.on({ type: 'model.text', ask: reply, text: GOODBYE });
    call.on({ type: 'model.end-call', ask: reply, outcome: 'booked' });
    call.on({ type: 'model.done', ask: reply });
    call.mark();
    call.speak();
    return call;
  }

  it('[B11] is stopped in its goodbye by a question, and then the call goes on', () => {
    const call = leaving();
    call.done();
    call.pass(1000);
    call.interim(QUESTION);
    call.final(QUESTION);
    expect(call.timeline().filter((line) => line.endsWith('interrupt'))).toEqual(['1000 response.interrupt']);
    expect(call.shown().slice(-2)).toEqual([
      'assistant: Thank you for your (interrupted)',
      `user: ${QUESTION}`,
    ]);
    call.answer('Ten dollars.');
    call.voice();
    call.pass(60_000);
    expect(call.sent('voicechat.call.ended')).toEqual([]);
  });

  it('[B11] is not stopped by "thanks, bye", and ends the call when it has said goodbye', () => {
    const call = leaving();
    call.done();
    call.pass(1000);
    call.interim('thanks bye');
    call.final('Thanks, bye.');
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    expect(call.asked()).toHaveLength(1);
    call.pass(GOODBYE.length * 50 - 1000 - 1);
    expect(call.sent('voicechat.call.ended')).toEqual([]);
    call.pass(1);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ reason: 'agent_ended', outcome: 'booked' }]);
  });

  it('[B11] "thanks, bye" into a speech that is no goodbye is an ordinary interruption', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.final('Thanks, bye.');
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    expect(call.shown().at(-1)).toBe('user: Thanks, bye.');
  });

  it('[B1] whose wish to end has come before its words are over is stopped and ends nothing', () => {
    const call = new Scene().opened();
    call.say('That was all.');
    const reply = call.replyNumber();
    call.on({ type: 'model.text', ask: reply, text: `${GOODBYE} And` });
    call.speak();
    call.on({ type: 'model.end-call', ask: reply, outcome: 'booked' });
    call.pass(1000);
    call.mark();
    call.interim(QUESTION);
    expect(call.timeline().slice(-3)).toEqual(['0 response.interrupt', '0 model.cancel', '0 voice.cancel']);
    call.final(QUESTION);
    call.answer('Ten dollars.');
    call.voice();
    call.pass(60_000);
    expect(call.sent('voicechat.call.ended')).toEqual([]);
  });

  it('[B1] whose wish to end has come without any word yet is dropped without a trace', () => {
    const call = new Scene().opened();
    call.say('That was all.');
    const reply = call.replyNumber();
    call.on({ type: 'model.end-call', ask: reply, outcome: 'booked' });
    call.mark();
    call.interim(QUESTION);
    expect(call.timeline()).toEqual(['0 transcript.interim', '0 model.cancel', '0 voice.cancel']);
    call.final(QUESTION);
    expect(call.shown().at(-1)).toBe(`user: That was all. ${QUESTION}`);
    call.answer('Ten dollars.');
    call.voice();
    call.pass(60_000);
    expect(call.sent('voicechat.call.ended')).toEqual([]);
  });

  it('[B11] says the confirmation of an opt-out to its end, even through "stop" and typed words', () => {
    const call = new Scene().opened();
    call.say('Please take me off your list');
    call.mark();
    call.speak();
    call.pass(500);
    call.interim('stop');
    call.final('Stop.');
    call.on({ type: 'caller.text', text: 'Stop it' });
    call.sound();
    call.done();
    call.pass(LINES.optOut.length * 50 - 500);
    const { length } = LINES.optOut;
    expect(call.timeline().filter((line) => /pause|interrupt|cancel|ask/.test(line))).toEqual([]);
    expect(call.timeline().slice(-2)).toEqual([`${length * 50} call.ended`, `${length * 50} call.close`]);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ outcome: 'opted-out' }]);
  });

  it('[B11] says the goodbye at the end of the allowed time to its end', () => {
    const call = new Scene({ pace: { speculation: true, idlePromptMs: 86_400_000, maxCallMs: 60_000 } });
    call.opened();
    call.pass(55_000);
    expect(call.said()).toEqual([LINES.goodbye]);
    call.mark();
    call.speak();
    call.pass(500);
    call.interim('wait');
    call.final('Wait, how much is it?');
    call.done();
    call.pass(LINES.goodbye.length * 50 - 500);
    expect(call.timeline().filter((line) => /pause|interrupt|cancel|ask/.test(line))).toEqual([]);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ reason: 'max_duration' }]);
  });
});
