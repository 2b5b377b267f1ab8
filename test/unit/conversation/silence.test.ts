import { describe, expect, it } from 'vitest';
import { LINES, refused, Scene } from '../../support/scene.ts';

const start = { type: 'caller.start', samplingRate: 16_000, language: 'en-US' } as const;
const pace = { speculation: true, idlePromptMs: 10_000, maxCallMs: 86_400_000 };
/** How long the lines last, in ms. */
const LASTS = {
  stillThere: LINES.stillThere.length * 50,
  couldNotHear: LINES.couldNotHear.length * 50,
  goodbye: LINES.goodbye.length * 50,
} as const;

/** A call whose greeting has sounded at this very moment. */
function quiet(): Scene {
  const call = new Scene({ pace });
  call.on(start);
  call.on({ type: 'recogniser.open' });
  call.voice();
  call.pass(LINES.greeting.length * 50);
  call.commands.length = 0;
  return call;
}

/** Lets a silence last until the agent says this line, which sounds to its end. */
function until(call: Scene, line: string): void {
  const before = call.all('voice.say').length;
  call.pass(10_000);
  expect(
    call
      .all('voice.say')
      .slice(before)
      .map(({ text }) => text),
  ).toEqual([line]);
  call.voice();
  call.pass(line.length * 50);
}

/** The agent answers, and was heard to the end at this very moment. */
function answered(call: Scene, text: string): void {
  call.answer(text);
  call.voice();
  call.pass(text.length * 50);
}

describe('a caller who says nothing', () => {
  it('[I1] is asked after 10 s, told after 10 more, and taken leave of after another 10', () => {
    const call = quiet();
    const from = call.now;
    until(call, LINES.stillThere);
    until(call, LINES.couldNotHear);
    until(call, LINES.goodbye);
    const second = 20_000 + LASTS.stillThere;
    const third = second + 10_000 + LASTS.couldNotHear;
    expect(call.times('voice.say', from)).toEqual([10_000, second, third]);
    expect(call.sentTimes('voicechat.call.ended', from)).toEqual([third + LASTS.goodbye]);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ reason: 'caller_silent' }]);
    expect(call.all('call.close')).toEqual([{ type: 'call.close', reason: 'caller_silent' }]);
    expect(call.asked()).toEqual([]);
  });

  it('[I1] hears these lines from the cache of fixed lines', () => {
    const call = quiet();
    call.pass(10_000);
    expect(call.all('voice.say')).toMatchObject([{ text: LINES.stillThere, route: 'phrase' }]);
    expect(call.states()).toEqual(['thinking']);
  });

  it('[I1] is not asked while the agent is still speaking', () => {
    const call = quiet();
    call.say('Tell me more.');
    const long = 'This is a long story, and it goes on and on and on. '.repeat(10).trim();
    call.answer(long);
    call.voice();
    const from = call.now;
    call.pass(60_000);
    const asked = call.commands.find(({ command }) => 'text' in command && command.text === LINES.stillThere);
    expect((asked?.at ?? 0) - from).toBe(10_000 + call.sentAudioMs());
  });

  it('[I1] was asked in words that the model is shown', () => {
    const call = quiet();
    until(call, LINES.stillThere);
    call.hush(3000);
    call.utter('Sorry, I was away.');
    call.hush(200);
    expect(call.shown()).toEqual([
      `assistant: ${LINES.greeting} ${LINES.stillThere}`,
      'user: Sorry, I was away.',
    ]);
  });

  it('[I1] with the longest of settings is asked later', () => {
    const call = new Scene({ pace: { ...pace, idlePromptMs: 45_000 } }).opened();
    const from = call.now - 5000 + LINES.greeting.length * 50;
    call.pass(60_000);
    expect(call.times('voice.say', from)[0]).toBe(45_000);
  });
});

describe('words in a silence', () => {
  it('[I2] after the second question begin the count anew', () => {
    const call = quiet();
    until(call, LINES.stillThere);
    until(call, LINES.couldNotHear);
    call.pass(9000);
    call.say('Now I can hear you.');
    answered(call, 'That is good to hear.');
    until(call, LINES.stillThere);
    until(call, LINES.couldNotHear);
    until(call, LINES.goodbye);
    expect(call.conversation.ended).toBe(true);
  });

  it('[I2] put the question off while they last, and until they were answered', () => {
    const call = quiet();
    call.pass(9300);
    call.utter('How much is it?');
    call.hush(500);
    expect(call.all('voice.say')).toEqual([]);
    answered(call, 'It is ten dollars.');
    until(call, LINES.stillThere);
  });

  it('[I2] "yes" to "are you still there?" is an answer', () => {
    const call = quiet();
    call.pass(10_000);
    call.voice();
    call.pass(900);
    call.say('Yes');
    expect(call.shown().at(-1)).toBe('user: Yes');
    answered(call, 'Good, then I go on.');
    until(call, LINES.stillThere);
  });

  it('[I2] "yes, yes" into "I could not hear you" shows that the caller is there', () => {
    const call = quiet();
    until(call, LINES.stillThere);
    call.pass(10_000);
    call.voice();
    call.pass(500);
    call.say('Yes, yes.');
    expect(call.shown().at(-1)).toBe('user: Yes, yes.');
    answered(call, 'Good, then I go on.');
    until(call, LINES.stillThere);
  });

  it('[I2] that are typed count as well', () => {
    const call = quiet();
    until(call, LINES.stillThere);
    call.pass(5000);
    call.on({ type: 'caller.text', text: 'I am here.' });
    answered(call, 'That is good to hear.');
    until(call, LINES.stillThere);
  });

  it('[I2] sounds do not count, and long before the question they put nothing off', () => {
    const call = quiet();
    const from = call.now;
    for (let i = 0; i < 5; i++) {
      call.pass(1800);
      call.on({ type: 'recogniser.speech' });
    }
    call.pass(10_000);
    expect(call.times('voice.say', from)[0]).toBe(10_000);
  });

  it('[I2] a sound holds the question back for 700 ms, three times at most', () => {
    const call = quiet();
    const from = call.now;
    call.pass(8900);
    for (let i = 0; i < 10; i++) {
      call.pass(600);
      call.on({ type: 'recogniser.speech' });
    }
    expect(call.times('voice.say', from)).toEqual([11_400]);
  });

  it('[I2] a cough into the question does not answer it', () => {
    const call = quiet();
    call.pass(10_000);
    call.voice();
    call.pass(300);
    call.on({ type: 'recogniser.speech' });
    expect(call.sent('voicechat.response.pause')).toHaveLength(1);
    call.pass(700);
    expect(call.sent('voicechat.response.resume')).toHaveLength(1);
    call.pass(10_000 + LASTS.stillThere - 1000);
    expect(call.all('voice.say').at(-1)?.text).toBe(LINES.couldNotHear);
  });

  it('[I2] the echo of the question does not answer it', () => {
    const call = quiet();
    until(call, LINES.stillThere);
    call.pass(400);
    call.say('are you still there');
    expect(call.turns()).toEqual([]);
    call.pass(9600);
    expect(call.all('voice.say').at(-1)?.text).toBe(LINES.couldNotHear);
  });

  it('[I2] interrupt the goodbye, and the call goes on', () => {
    const call = quiet();
    until(call, LINES.stillThere);
    until(call, LINES.couldNotHear);
    call.pass(10_000);
    call.voice();
    call.pass(500);
    call.say('Hello, here I am again.');
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    expect(call.shown().slice(-2)).toEqual([
      `assistant: ${LINES.greeting} ${LINES.stillThere} ${LINES.couldNotHear} Thank you, (interrupted)`,
      'user: Hello, here I am again.',
    ]);
    answered(call, 'That is good to hear.');
    until(call, LINES.stillThere);
    expect(call.conversation.ended).toBe(false);
  });
});

describe('a caller who cannot be heard', () => {
  it('[I3] because there is no audio, is not asked', () => {
    const call = new Scene({ pace });
    call.on({ type: 'caller.text', text: 'How much is it?' });
    answered(call, 'It is ten dollars.');
    call.pass(600_000);
    expect(call.all('voice.say').map(({ text }) => text)).toEqual(['It is ten dollars.']);
    expect(call.conversation.ended).toBe(false);
    expect(call.conversation.deadline).toBeDefined();
  });

  it('[I3] because the recogniser refused the call for good, is not asked', () => {
    const call = quiet();
    call.pass(5000);
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(600_000);
    expect(call.all('voice.say')).toEqual([]);
    expect(call.conversation.ended).toBe(false);
    call.on({ type: 'caller.text', text: 'Can you read this?' });
    answered(call, 'I can read you well.');
    call.pass(600_000);
    expect(call.all('voice.say').map(({ text }) => text)).toEqual(['I can read you well.']);
  });
});

describe('a caller who asked to wait', () => {
  function held(): Scene {
    const call = quiet();
    call.say('Hold on a minute.');
    call.voice();
    call.pass(LINES.wait.length * 50);
    return call;
  }

  it('[I4] is given 30 s, and then the usual 10', () => {
    const call = held();
    const from = call.now;
    call.pass(30_000);
    call.voice();
    call.pass(LASTS.stillThere + 10_000);
    expect(call.times('voice.say', from).slice(1)).toEqual([30_000, 40_000 + LASTS.stillThere]);
    expect(
      call
        .all('voice.say')
        .slice(1)
        .map(({ text }) => text),
    ).toEqual([LINES.stillThere, LINES.couldNotHear]);
  });

  it('[I4] and is back after 20 s, is given the usual 10 from then on', () => {
    const call = held();
    call.pass(20_000);
    call.say('Now I am back.');
    answered(call, 'That is good to hear.');
    until(call, LINES.stillThere);
  });

  it('[I4] sounds do not use up the patience', () => {
    const call = held();
    const from = call.now;
    call.pass(9000);
    call.on({ type: 'recogniser.speech' });
    call.pass(30_000);
    expect(call.times('voice.say', from).slice(1)).toEqual([30_000]);
  });
});
