import { describe, expect, it } from 'vitest';
import { LINES, Scene } from '../../support/scene.ts';

/** A call that may use up about as much as one question and its answer. */
function poor(): Scene {
  const call = new Scene({ systemPrompt: 'P'.repeat(400), pace: { maxTokens: 130 } }).opened();
  call.say('How much is it?');
  call.answer('It is ten dollars.');
  call.voice();
  call.pass(10_000);
  expect(call.metrics()?.wordsHeard, 'the first answer is given').toBe(4);
  return call;
}

describe('the tokens of a call', () => {
  it('[E6] once used up, the next turn is answered with the goodbye, and the call ends', () => {
    const call = poor();
    call.say('And what is in it?');
    call.answer('Everything is in it.');
    call.voice();
    call.pass(10_000);
    const asked = call.asked().length;
    call.say('Then I want two.');
    expect(call.said().at(-1)).toBe(LINES.goodbye);
    expect(call.sent('voicechat.error').map(({ code }) => code)).toEqual(['budget_spent']);
    call.voice();
    call.pass(10_000);
    expect(call.asked()).toHaveLength(asked);
    expect(call.sent('voicechat.call.ended')).toEqual([
      expect.objectContaining({ reason: 'budget_spent', outcome: 'no-decision' }),
    ]);
  });

  it('[E6] count what the model is shown and what it says, also of replies that are thrown away', () => {
    const call = new Scene({ systemPrompt: '', pace: { maxTokens: 200 } }).opened();
    call.eager('How much');
    for (let i = 0; i < 200; i++) call.on({ type: 'model.text', reply: call.replyNumber(), text: 'word ' });
    call.interim('How much is it for all of us');
    call.eager('How much is it for all of us');
    expect(call.asked(), 'nothing is begun early any more').toHaveLength(1);
    call.final('How much is it for all of us?');
    call.pass(2000);
    expect(call.said().at(-1)).toBe(LINES.goodbye);
  });

  it('[E6] do not keep an opt-out from being confirmed', () => {
    const call = poor();
    call.say('And what is in it?');
    call.answer('Everything is in it.');
    call.voice();
    call.pass(10_000);
    call.say('Take me off your list.');
    expect(call.said().at(-1)).toBe(LINES.optOut);
    expect(call.sent('voicechat.error')).toEqual([]);
  });
});
