import { describe, expect, it } from 'vitest';
import { COUNTING, LINES, Scene } from '../../support/scene.ts';

/** No part of it sounds like a number or a command. */
const PITCH = 'We help small teams answer every caller within two rings, day and night.';

/** What concerns the agent's speech. */
function floor(call: Scene): readonly string[] {
  return call.timeline().filter((line) => /response\.(pause|resume|interrupt)|cancel|ask/.test(line));
}

describe('signs of listening', () => {
  it.each([0, 50, 250, 500, 800, 1050, 1300, 1650, 1900, 2100, 2300, 2449])(
    '[B4] "uh-huh" %i ms into the reply neither stops the agent nor is answered',
    (offset) => {
      const call = new Scene().opened().answering();
      call.done();
      call.pass(offset);
      call.interim('uh-huh');
      call.final('Uh-huh.');
      call.pass(10_000);
      expect(floor(call)).toEqual([]);
      expect(call.sent('voicechat.transcript.final').map(({ text }) => text)).toEqual([
        'How does it work?',
        'Uh-huh.',
      ]);
      expect(call.metrics()).toMatchObject({ heardMs: 2450, pauses: 0, interrupted: false });
      call.say('And how much is it?');
      expect(call.shown().slice(-3)).toEqual([
        'user: How does it work?',
        `assistant: ${COUNTING}`,
        'user: And how much is it?',
      ]);
    },
  );

  it.each(['Okay.', 'I see.', 'Mm-hmm.', 'Um.', 'Yeah, yeah.'])('[B4] neither does "%s"', (text) => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.final(text);
    call.pass(300);
    expect(floor(call)).toEqual([]);
    expect(call.sent('voicechat.state').at(-1)).toEqual({ state: 'speaking' });
  });

  it('[B4] one that grows into a question is an interruption, with all its words', () => {
    const call = new Scene().opened().answering();
    call.pass(600);
    call.interim('uh-huh');
    call.pass(400);
    call.interim('uh-huh but how much is it');
    expect(floor(call)).toEqual(['1000 response.interrupt', '1000 voice.cancel']);
    call.final('Uh-huh, but how much is it?');
    expect(call.shown().slice(-2)).toEqual([
      'assistant: One two three four (interrupted)',
      'user: Uh-huh, but how much is it?',
    ]);
    const turns = [...call.sent('voicechat.transcript.interim'), ...call.sent('voicechat.transcript.final')];
    expect(new Set(turns.slice(1).map(({ turnId }) => turnId)).size).toBe(2);
  });

  it('[B4] each language has its own: "ja" to a German agent, which an English one would not know better', () => {
    const call = new Scene().opened();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'de-DE' });
    call.answering();
    call.pass(1000);
    call.final('Ja, ja.');
    expect(floor(call)).toEqual([]);
    call.final('Was kostet das?');
    expect(floor(call)).toEqual(['1000 response.interrupt', '1000 voice.cancel', '1000 model.ask']);
  });

  it('[B4] of an unknown language only wordless sounds are known', () => {
    const call = new Scene().opened();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'fi-FI' });
    call.answering();
    call.pass(500);
    call.final('Mm-hmm.');
    expect(floor(call)).toEqual([]);
    call.pass(500);
    call.final('Joo.');
    expect(floor(call)).toEqual(['1000 response.interrupt', '1000 voice.cancel', '1000 model.ask']);
  });
});

describe('answers', () => {
  const QUESTION = 'Would that be of interest to you?';

  it.each([
    [151, true],
    [149, false],
  ])(
    '[B5] "yes" 1500 ms before the end of a question decides: at %i ms it is an answer: %s',
    (ms, answer) => {
      const call = new Scene().opened().answering(QUESTION);
      call.done();
      call.pass(ms);
      call.final('Yes.');
      expect(call.sent('voicechat.response.interrupt')).toHaveLength(answer ? 1 : 0);
      expect(call.asked()).toHaveLength(answer ? 2 : 1);
    },
  );

  it('[B5] "yes" after the question was heard is an answer, and the question is remembered whole', () => {
    const call = new Scene().opened().answering(QUESTION);
    call.done();
    call.pass(1650);
    call.final('Yes.');
    expect(floor(call)).toEqual(['1650 model.ask']);
    expect(call.shown().slice(-2)).toEqual([`assistant: ${QUESTION}`, 'user: Yes.']);
  });

  it('[B5] "yes" into the end of a statement is a sign of listening', () => {
    const call = new Scene().opened().answering(COUNTING);
    call.done();
    call.pass(2300);
    call.final('Yes.');
    expect(floor(call)).toEqual([]);
  });

  it('[B5] a typed "yes" is an answer wherever it falls', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.on({ type: 'caller.text', text: 'Yes' });
    expect(floor(call)).toEqual(['1000 response.interrupt', '1000 voice.cancel', '1000 model.ask']);
    expect(call.shown().at(-1)).toBe('user: Yes');
  });

  it('[B5] so is one that was ended by hand', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.interim('yes');
    call.on({ type: 'caller.turn-end' });
    expect(floor(call)).toEqual([]);
    call.pass(200);
    call.final('Yes.');
    expect(floor(call)).toEqual(['1200 response.interrupt', '1200 voice.cancel', '1200 model.ask']);
    expect(call.shown().slice(-2)).toEqual([
      'assistant: One two three four five (interrupted)',
      'user: Yes.',
    ]);
  });
});

describe('words that may become either', () => {
  it('[B8] "so" pauses the agent, and more words stop it', () => {
    const call = new Scene().opened().answering();
    call.report(0);
    call.pass(1000);
    call.interim('so');
    call.pass(300);
    call.interim('so how much is it');
    expect(floor(call)).toEqual(['1000 response.pause', '1300 response.interrupt', '1300 voice.cancel']);
    expect(call.metrics()).toMatchObject({ verdict: 'interruption', verdictMs: 300, heardMs: 1000 });
  });

  it('[B8] "uh" pauses it, and "uh-huh" lets it go on', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.interim('uh');
    call.pass(150);
    call.interim('uh-huh');
    expect(floor(call)).toEqual(['1000 response.pause', '1150 response.resume']);
  });

  it('[B8] "well" and nothing more: it goes on after 700 ms', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.interim('well');
    call.pass(699);
    expect(floor(call)).toEqual(['1000 response.pause']);
    call.pass(1);
    expect(floor(call)).toEqual(['1000 response.pause', '1700 response.resume']);
  });

  it('[B8] the same word told again decides nothing anew', () => {
    const call = new Scene().opened().answering();
    call.pass(500);
    call.interim('so');
    call.pass(700);
    call.interim('so');
    call.pass(100);
    expect(floor(call)).toEqual(['500 response.pause', '1200 response.resume']);
  });

  it('[B8] the same word in a later reply pauses that, too', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(500);
    call.interim('so');
    call.pass(100);
    call.final('');
    call.pass(10_000);
    call.answering();
    call.pass(1000);
    call.interim('so');
    expect(floor(call)).toEqual(['1000 response.pause']);
  });

  it('[B8] "so" that is final is the caller\'s turn', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.interim('so');
    call.pass(300);
    call.final('So?');
    expect(floor(call).slice(0, 2)).toEqual(['1000 response.pause', '1300 response.interrupt']);
  });
});

describe('the echo of the agent', () => {
  it('[B10] is no turn while it speaks, and is not shown', () => {
    const call = new Scene().opened().answering(PITCH);
    call.pass(1200);
    call.interim('help small teams');
    call.final('Help small teams answer.');
    expect(call.timeline().filter((line) => !line.startsWith('0 '))).toEqual([]);
    expect(call.sent('voicechat.state').at(-1)).toEqual({ state: 'speaking' });
  });

  it('[B10] may hold the word that is sounding in this moment', () => {
    const call = new Scene().opened().answering(PITCH);
    call.pass(600);
    call.interim('help small teams');
    expect(call.timeline().filter((line) => !line.startsWith('0 '))).toEqual([]);
  });

  it('[B10] is no turn within 1500 ms after its last sound, if it has four words', () => {
    const call = new Scene().opened().answering(PITCH);
    call.done();
    call.pass(PITCH.length * 50 + 800);
    call.mark();
    call.interim('two rings day and night');
    call.final('Two rings, day and night.');
    expect(call.timeline()).toEqual([]);
    expect(call.asked()).toHaveLength(1);
  });

  it("[B10] three words then are the caller's", () => {
    const call = new Scene().opened().answering(PITCH);
    call.done();
    call.pass(PITCH.length * 50 + 800);
    call.final('Day and night?');
    expect(call.shown().at(-1)).toBe('user: Day and night?');
  });

  it('[B10] after 1500 ms all words are', () => {
    const call = new Scene().opened().answering(PITCH);
    call.done();
    call.pass(PITCH.length * 50 + 1501);
    call.final('Two rings, day and night?');
    expect(call.shown().at(-1)).toBe('user: Two rings, day and night?');
  });

  it('[B10] where an answer is awaited, fewer than four words of the question are the answer', () => {
    const call = new Scene().opened().answering('Shall we say next Tuesday?');
    call.done();
    call.pass(1200);
    call.final('Next Tuesday.');
    expect(floor(call)).toEqual(['1200 response.interrupt', '1200 voice.cancel', '1200 model.ask']);
    expect(call.shown().at(-1)).toBe('user: Next Tuesday.');
  });

  it('[B10] four of them are its echo even there', () => {
    const call = new Scene().opened().answering('Shall we say next Tuesday?');
    call.done();
    call.pass(1250);
    call.final('Shall we say next Tuesday?');
    expect(floor(call)).toEqual([]);
  });

  it('[B10] with words of the caller behind it is an interruption', () => {
    const call = new Scene().opened().answering(PITCH);
    call.pass(1200);
    call.interim('help small teams');
    call.pass(300);
    call.interim('help small teams yes but what does that cost me');
    expect(floor(call)).toEqual(['1500 response.interrupt', '1500 voice.cancel']);
  });
});

describe('side speech', () => {
  it('[B6] "hold on" silences the agent at once, is answered with the wait line, and then it is patient', () => {
    const call = new Scene({ pace: { speculation: true, idlePromptMs: 10_000, maxCallMs: 900_000 } });
    call.opened().answering();
    call.pass(1000);
    call.interim('hold on');
    expect(floor(call)).toEqual(['1000 response.interrupt', '1000 voice.cancel']);
    call.pass(300);
    call.final('Hold on.');
    expect(call.asked()).toHaveLength(1);
    expect(call.all('voice.say').at(-1)).toMatchObject({ text: LINES.wait, route: 'phrase' });
    call.mark();
    call.voice();
    const endsAt = LINES.wait.length * 50;
    call.pass(endsAt + 29_999);
    expect(call.timeline().slice(-1)).toEqual([`${endsAt} turn.metrics`]);
    call.pass(1);
    expect(call.said()).toEqual([LINES.stillThere]);
    call.speak();
    call.final('I am back, how much is it?');
    expect(call.shown().slice(1, 5)).toEqual([
      'user: How does it work?',
      'assistant: One two three four (interrupted)',
      'user: Hold on.',
      `assistant: ${LINES.wait}`,
    ]);
  });
});
