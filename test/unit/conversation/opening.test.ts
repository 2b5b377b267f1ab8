import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../../src/conversation/events.ts';
import { LINES, Scene, silence } from '../../support/scene.ts';

const start = { type: 'caller.start', samplingRate: 16_000, language: 'en-US' } as const;

/** A call whose greeting of 1 s sounds since this moment. */
function greeting(): Scene {
  const call = new Scene();
  call.on(start);
  call.on({ type: 'recogniser.open' });
  call.voice();
  return call;
}

describe('a client that has connected', () => {
  it('[O4] may take 120 s to start the call, and then it is over', () => {
    const call = new Scene();
    call.on({ type: 'caller.connected' });
    call.pass(119_999);
    expect(call.commands).toEqual([]);
    call.pass(1);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ reason: 'abandoned' }]);
    expect(call.conversation.ended).toBe(true);
    expect(call.conversation.deadline).toBeUndefined();
  });

  it.each<[string, CallEvent]>([
    ['announces audio', start],
    ['types', { type: 'caller.text', text: 'Hello?' }],
  ])('[O4] has a call of the full length from when it %s', (_, event) => {
    const call = new Scene();
    call.on({ type: 'caller.connected' });
    call.pass(119_999);
    call.on(event);
    call.pass(120_000);
    expect(call.sent('voicechat.call.ended')).toEqual([]);
    call.on({ type: 'caller.connected' });
    expect(call.conversation.ended).toBe(false);
  });

  it('[O4] has as long once more where the object died that waited for it', () => {
    const call = new Scene();
    call.back();
    call.pass(119_999);
    expect(call.conversation.ended).toBe(false);
    call.pass(1);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ reason: 'abandoned' }]);
  });

  it('[O4] that loses its connection meanwhile is waited for no longer than any other', () => {
    const call = new Scene();
    call.on({ type: 'caller.connected' });
    call.pass(10_000);
    call.lose();
    call.pass(60_000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ reason: 'abandoned' }]);
  });
});

describe('the first audio.start', () => {
  it('[O1] opens recogniser and voice, and greets first', () => {
    const call = new Scene();
    call.on(start);
    expect(call.all('recogniser.open')).toEqual([
      { type: 'recogniser.open', config: 'primary', patience: 1, samplingRate: 16_000, language: 'en-US' },
    ]);
    expect(call.all('voice.prepare')).toHaveLength(1);
    expect(call.said().join(' ')).toBe('Hello, this is Ava.');
    expect(call.asked()).toEqual([]);
  });

  it('[O1] has the greeting spoken in that very moment, from the fixed lines, before the recogniser is open', () => {
    const call = new Scene();
    const from = call.now;
    call.on(start);
    expect(call.times('voice.say', from)).toEqual([0]);
    expect(call.all('voice.say')).toEqual([
      { type: 'voice.say', reply: 1, text: LINES.greeting, route: 'phrase' },
    ]);
    expect(call.all('voice.finish')).toEqual([{ type: 'voice.finish', reply: 1 }]);
    call.pass(80);
    call.voice();
    expect(call.sentTimes('voicechat.response.start', from)).toEqual([80]);
    expect(call.states()).toEqual(['thinking', 'speaking']);
  });

  it('[O1] the greeting is remembered as the first words of the agent', () => {
    const call = new Scene().opened();
    call.say('Who is this?');
    expect(call.shown()).toEqual(['assistant: Hello, this is Ava.', 'user: Who is this?']);
  });
});

describe('a later audio.start', () => {
  it('[O2] with the same audio changes nothing', () => {
    const call = new Scene();
    call.on(start);
    const before = call.commands.length;
    call.on(start);
    expect(call.commands).toHaveLength(before);
  });

  it('[O2] in another language opens the recogniser again', () => {
    const call = new Scene().opened();
    call.on({ ...start, language: 'de-DE' });
    expect(call.commands.map(({ command }) => command.type)).toEqual(['recogniser.close', 'recogniser.open']);
  });

  it('[O2] at another rate opens it again, and goes on counting the audio of the call', () => {
    const call = new Scene().opened();
    call.talk(1000);
    call.on({ ...start, samplingRate: 48_000 });
    expect(call.all('recogniser.open')).toEqual([
      { type: 'recogniser.open', config: 'primary', patience: 1, samplingRate: 48_000, language: 'en-US' },
    ]);
    call.on({ type: 'recogniser.open' });
    expect(call.all('recogniser.begin')).toEqual([
      { type: 'recogniser.begin', offsetMs: 1000, heard: undefined },
    ]);
    expect(call.all('recogniser.close')).toHaveLength(1);
    expect(call.all('voice.say')).toEqual([]);
  });

  it('[O2] in another language, words are judged in it from then on', () => {
    const call = new Scene().opened();
    call.on({ ...start, language: 'de-DE' });
    call.on({ type: 'recogniser.open' });
    const endedAt = call.utter('Ich möchte und');
    call.pass(2000);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([1200]);
  });
});

describe('a typed turn before any audio', () => {
  it('[O3] is answered without a greeting', () => {
    const call = new Scene();
    call.on({ type: 'caller.text', text: 'Hello?' });
    expect(call.asked()).toHaveLength(1);
    expect(call.said()).toEqual([]);
  });

  it('[V6] has the synthesiser made ready before the answer', () => {
    const call = new Scene();
    call.on({ type: 'caller.text', text: 'Hello?' });
    expect(call.timeline().slice(0, 3)).toEqual(['0 voice.prepare', '0 transcript.final', '0 model.ask']);
  });

  it('[O3] opens no recogniser, and no greeting comes when audio starts later', () => {
    const call = new Scene();
    call.on({ type: 'caller.text', text: 'Hello?' });
    expect(call.all('recogniser.open')).toEqual([]);
    call.answer('I can read you well.');
    call.voice();
    call.pass(5000);
    call.on(start);
    expect(call.all('recogniser.open')).toHaveLength(1);
    expect(call.all('voice.say').map(({ text }) => text)).toEqual(['I can read you well.']);
  });
});

describe('words into the greeting', () => {
  it('[O4] do not stop it, and are answered as soon as it has sounded', () => {
    const call = greeting();
    const from = call.now;
    call.pass(300);
    call.on({ type: 'recogniser.interim', text: 'who is this' });
    call.pass(100);
    call.on({ type: 'recogniser.final', text: 'Who is this?', endMs: undefined });
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    expect(call.sent('voicechat.response.pause')).toEqual([]);
    expect(call.asked()).toEqual([]);
    call.pass(5000);
    expect(call.times('model.ask', from)).toEqual([LINES.greeting.length * 50]);
    expect(call.shown()).toEqual(['assistant: Hello, this is Ava.', 'user: Who is this?']);
  });

  it('[O4] of several turns are answered together, once', () => {
    const call = greeting();
    call.say('Who is this?');
    call.pass(200);
    call.say('I am in a meeting.');
    call.pass(5000);
    expect(call.asked()).toHaveLength(1);
    expect(call.shown().at(-1)).toBe('user: Who is this? I am in a meeting.');
  });

  it('[O4] that came before it sounded are answered after it, too', () => {
    const call = new Scene();
    call.on(start);
    call.on({ type: 'recogniser.open' });
    call.say('Who is this?');
    expect(call.all('voice.cancel')).toEqual([]);
    call.pass(100);
    const from = call.now;
    call.voice();
    call.pass(5000);
    expect(call.times('model.ask', from)).toEqual([950]);
  });

  it('[O4] a mere "hello?" needs no answer of its own', () => {
    const call = greeting();
    call.pass(300);
    call.say('Hello?');
    call.pass(5000);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    expect(call.asked()).toEqual([]);
    expect(call.states().at(-1)).toBe('listening');
  });

  it('[O4] a sound without words does not pause it', () => {
    const call = greeting();
    call.pass(300);
    call.on({ type: 'recogniser.speech' });
    call.pass(5000);
    expect(call.sent('voicechat.response.pause')).toEqual([]);
  });

  it('[O4] "stop" stops even the greeting', () => {
    const call = greeting();
    const from = call.now;
    call.pass(525);
    call.on({ type: 'recogniser.interim', text: 'stop' });
    expect(call.sentTimes('voicechat.response.interrupt', from)).toEqual([525]);
    expect(call.all('voice.cancel')).toHaveLength(1);
    call.on({ type: 'recogniser.final', text: 'Stop.', endMs: undefined });
    expect(call.shown()).toEqual(['assistant: Hello, this (interrupted)', 'user: Stop.']);
  });

  it.each(['Take me off your list.', 'I revoke my consent.', 'We are on the do not call list.'])(
    '[O4] an opt-out stops even the greeting, however it is put: %s',
    (words) => {
      const call = greeting();
      call.pass(300);
      call.say(words);
      expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
      expect(call.said()).toEqual([LINES.optOut]);
    },
  );

  it('[O4] an opt-out before it sounds is obeyed at once, and not lost behind later words', () => {
    const call = new Scene();
    call.on(start);
    call.on({ type: 'recogniser.open' });
    call.say('Take me off your list.');
    expect(call.all('voice.cancel')).toEqual([{ type: 'voice.cancel', reply: 1 }]);
    expect(call.said()).toEqual([LINES.optOut]);
    call.pass(100);
    call.say('Who is this?');
    call.voice();
    call.pass(5000);
    expect(call.asked()).toEqual([]);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ outcome: 'opted-out' }]);
  });
});

describe('the fixed lines', () => {
  it('[O5] are made ready when the greeting has sounded, once', () => {
    const call = greeting();
    const from = call.now;
    call.pass(5000);
    const { greeting: _, ...others } = LINES;
    expect(call.all('voice.learn')).toEqual([{ type: 'voice.learn', texts: Object.values(others) }]);
    expect(call.times('voice.learn', from)).toEqual([950]);
    call.say('Go on');
    call.answer('This is what we do.');
    call.voice();
    call.pass(5000);
    expect(call.all('voice.learn')).toHaveLength(1);
  });

  it('[O5] sound with model and synthesiser down: the apology comes from the cache', () => {
    const call = new Scene().opened();
    call.on({ type: 'voice.ready', text: LINES.apology });
    call.on({ type: 'caller.audio', pcm: silence(20) });
    call.say('How much is it?');
    const failure = { kind: 'refused', retryable: false, detail: 'test' } as const;
    call.on({ type: 'model.failed', ask: call.replyNumber(), failure });
    expect(call.all('voice.say')).toEqual([
      { type: 'voice.say', reply: call.replyNumber(), text: LINES.apology, route: 'phrase' },
    ]);
  });
});
