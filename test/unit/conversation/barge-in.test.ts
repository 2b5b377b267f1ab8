import { describe, expect, it } from 'vitest';
import { broken, COUNTING, LINES, Scene } from '../../support/scene.ts';

/** Half of "sixteen" has sounded after 4625 ms, half of "seventeen" after 5075. */
const LONG_COUNT =
  'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen.';
const QUESTION = 'how much is it';

function stopsAt(ms: number): readonly string[] {
  return [`${ms} transcript.interim`, `${ms} turn.metrics`, `${ms} response.interrupt`, `${ms} voice.cancel`];
}

function numbers(from: string, to: string): string {
  return LONG_COUNT.slice(LONG_COUNT.indexOf(from), LONG_COUNT.indexOf(to) + to.length);
}

describe('a true interruption', () => {
  it.each([
    [200, 'One'],
    [1000, numbers('One', 'four')],
    [5000, numbers('One', 'sixteen')],
  ])('[B1] after %i ms stops the agent in that moment and keeps the words heard', (ms, heard) => {
    const call = new Scene().opened().answering(LONG_COUNT);
    call.pass(ms);
    call.mark();
    call.interim(QUESTION);
    expect(call.timeline()).toEqual(stopsAt(0));
    call.pass(400);
    call.final(QUESTION);
    expect(call.timeline().slice(4)).toEqual(['400 transcript.final', '400 model.ask']);
    expect(call.shown()).toEqual([
      'assistant: Hello, this is Ava.',
      'user: How does it work?',
      `assistant: ${heard} (interrupted)`,
      `user: ${QUESTION}`,
    ]);
  });

  it('[B1] the client is told the moment, and the metrics what was heard', () => {
    const call = new Scene().opened().answering();
    const { now } = call;
    call.pass(1000);
    call.interim(QUESTION);
    expect(call.sent('voicechat.response.interrupt')).toEqual([
      { utteranceId: call.latestUtteranceId, timestamp: now + 1000 },
    ]);
    expect(call.metrics()).toMatchObject({
      utteranceId: call.latestUtteranceId,
      sentMs: 2450,
      heardMs: 1000,
      wordsSaid: 10,
      wordsHeard: 4,
      interrupted: true,
    });
  });

  it('[B1] a model that still talks is cancelled with its voice', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    const reply = call.replyNumber();
    call.on({ type: 'model.text', ask: reply, text: 'It answers your calls. Then it writes' });
    call.speak();
    call.pass(600);
    call.mark();
    call.interim(QUESTION);
    expect(call.timeline()).toEqual([
      '0 transcript.interim',
      '0 turn.metrics',
      '0 response.interrupt',
      '0 model.cancel',
      '0 voice.cancel',
    ]);
    expect(call.all('model.cancel')).toEqual([{ type: 'model.cancel', ask: reply }]);
    call.final(QUESTION);
    expect(call.shown().at(-2)).toBe('assistant: It answers (interrupted)');
  });

  it('[B1] final words without an interim before them stop the agent as well', () => {
    const call = new Scene().opened().answering();
    call.pass(1100);
    call.mark();
    call.final(QUESTION);
    expect(call.timeline()).toEqual([
      '0 turn.metrics',
      '0 response.interrupt',
      '0 voice.cancel',
      '0 transcript.final',
      '0 model.ask',
    ]);
    expect(call.shown().at(-2)).toBe('assistant: One two three four five (interrupted)');
  });

  it('[B1] further words of the same turn stop nothing more', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.interim('how much');
    call.pass(200);
    call.interim('how much is it');
    call.pass(200);
    call.final(QUESTION);
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    expect(call.all('voice.cancel')).toHaveLength(1);
    expect(call.asked()).toHaveLength(2);
  });

  it('[B1] twice within a second both replies stop, and each keeps its own words', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.interim(QUESTION);
    call.final(QUESTION);
    call.answer(COUNTING);
    call.speak();
    call.pass(900);
    call.interim('what about weekends');
    call.final('what about weekends');
    expect(call.timeline().filter((line) => line.endsWith('response.interrupt'))).toEqual([
      '1000 response.interrupt',
      '1900 response.interrupt',
    ]);
    expect(call.shown().slice(2)).toEqual([
      'assistant: One two three four (interrupted)',
      'user: how much is it',
      'assistant: One two three four (interrupted)',
      'user: what about weekends',
    ]);
  });

  it('[B1] an agent that said it all but had more to say is remembered as interrupted', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It answers your calls. Then it writes' });
    call.speak();
    call.pass(3000);
    call.final(QUESTION);
    expect(call.shown().at(-2)).toBe('assistant: It answers your calls. (interrupted)');
  });

  it('[B1] stops the filler, and forgets the answer behind it', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.pass(1200);
    call.audio(LINES.filler);
    call.pass(450);
    call.mark();
    call.interim(QUESTION);
    expect(call.timeline()).toEqual([
      '0 transcript.interim',
      '0 turn.metrics',
      '0 response.interrupt',
      '0 model.cancel',
      '0 voice.cancel',
    ]);
    call.final(QUESTION);
    expect(call.shown().at(-2)).toBe('assistant: One moment, (interrupted)');
  });

  it('[B1] a turn that is typed into the speech stops it', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.mark();
    call.on({ type: 'caller.text', text: 'How much is it?' });
    expect(call.timeline()).toEqual([
      '0 voice.prepare',
      '0 turn.metrics',
      '0 response.interrupt',
      '0 voice.cancel',
      '0 transcript.final',
      '0 model.ask',
    ]);
    expect(call.shown().slice(-2)).toEqual([
      'assistant: One two three four (interrupted)',
      'user: How much is it?',
    ]);
  });
});

describe('after an interruption', () => {
  it('[B2] no news of the interrupted reply has any effect', () => {
    const call = new Scene().opened().answering();
    const reply = call.replyNumber();
    call.pass(1000);
    call.interim(QUESTION);
    call.mark();
    call.audio('more', reply);
    call.on({ type: 'model.text', ask: reply, text: 'And more. And more.' });
    call.on({ type: 'model.end-call', ask: reply, outcome: 'booked' });
    call.on({ type: 'model.done', ask: reply });
    call.on({ type: 'voice.done', reply });
    call.on({ type: 'model.failed', ask: reply, failure: broken });
    call.on({ type: 'voice.failed', reply, failure: broken });
    expect(call.timeline()).toEqual([]);
  });

  it('[B2] with two generations in flight not one frame of the first is sent', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    const first = call.replyNumber();
    call.on({ type: 'model.text', ask: first, text: 'It answers your calls. ' });
    call.speak(first);
    const firstId = call.latestUtteranceId;
    call.pass(500);
    call.interim(QUESTION);
    call.final(QUESTION);
    const second = call.replyNumber();
    const from = call.commands.length;
    for (let i = 0; i < 5; i++) {
      call.on({ type: 'model.text', ask: first, text: 'It writes them down. ' });
      call.on({ type: 'model.text', ask: second, text: 'It is ten dollars a month. ' });
      call.audio('It writes them down.', first);
      call.speak(second);
      call.pass(50);
    }
    const sent = call.commands.slice(from).flatMap(({ command }) => {
      return command.type === 'send' && 'utteranceId' in command.payload ? [command.payload] : [];
    });
    expect(second).toBeGreaterThan(first);
    expect(sent.filter(({ utteranceId }) => utteranceId === firstId)).toEqual([]);
    const texts = sent.flatMap((payload) => ('text' in payload ? [payload.text] : []));
    expect(texts).toEqual(Array.from({ length: 5 }, () => 'It is ten dollars a month.'));
    const bytes = sent.flatMap((payload) => ('audio' in payload ? [payload.audio.byteLength] : []));
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBe(5 * 26 * 50 * 32);
    expect(call.all('voice.say').filter(({ text }) => text.includes('writes'))).toEqual([]);
  });

  it('[B2] a wish to end the call that came too late ends nothing', () => {
    const call = new Scene().opened().answering();
    const reply = call.replyNumber();
    call.pass(1000);
    call.interim(QUESTION);
    call.on({ type: 'model.end-call', ask: reply, outcome: 'booked' });
    call.final(QUESTION);
    call.answer('Ten dollars.');
    call.voice();
    call.pass(30_000);
    expect(call.sent('voicechat.call.ended')).toEqual([]);
  });

  it('[B3] everything was sent and still plays: the stop follows the complete', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(1300);
    call.interim(QUESTION);
    expect(call.timeline()).toEqual([
      '0 response.start',
      '0 response.text',
      '0 response.chunk',
      '0 response.complete',
      ...stopsAt(1300),
    ]);
    call.final(QUESTION);
    expect(call.shown().at(-2)).toBe('assistant: One two three four five six (interrupted)');
  });

  it('[B3] in the last word it still stops, and the memory lacks that word', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(2300);
    call.final(QUESTION);
    expect(call.shown().at(-2)).toBe('assistant: One two three four five six seven eight nine (interrupted)');
  });

  it('[B3] once all has sounded there is nothing to stop', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(2450);
    call.mark();
    call.final(QUESTION);
    expect(call.timeline()).toEqual(['0 transcript.final', '0 model.ask']);
    expect(call.shown().at(-2)).toBe(`assistant: ${COUNTING}`);
  });
});

describe('words that always interrupt', () => {
  it.each(['stop', 'wait', 'no', 'hold on'])(
    '[B6] "%s" stops a statement at its first interim',
    (command) => {
      const call = new Scene().opened().answering();
      call.pass(1000);
      call.mark();
      call.interim(command);
      expect(call.timeline()).toEqual(stopsAt(0));
    },
  );

  it.each(['stop', 'wait', 'hold on'])(
    '[B6] "%s" stops even the greeting, and is answered at once',
    (command) => {
      const call = new Scene();
      call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
      call.on({ type: 'recogniser.open' });
      call.speak();
      call.pass(300);
      call.mark();
      call.interim(command);
      expect(call.timeline().filter((line) => line.includes('response') || line.includes('cancel'))).toEqual([
        '0 response.interrupt',
        '0 voice.cancel',
      ]);
      call.pass(100);
      call.final(`${command} please`);
      expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
      expect(
        call.asked().length + call.all('voice.say').filter(({ text }) => text === LINES.wait).length,
      ).toBe(1);
    },
  );

  it('[B6] "hold on" is obeyed although the agent has just said the same', () => {
    const call = new Scene().opened().answering('Please hold on while I look that up for you.');
    call.pass(700);
    call.interim('hold on');
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
  });

  it('[B6] "okay stop" is a command behind a sign of listening', () => {
    const call = new Scene().opened().answering();
    call.pass(600);
    call.interim('okay');
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    call.pass(200);
    call.interim('okay stop');
    expect(call.timeline().at(-2)).toBe('800 response.interrupt');
  });

  it('[B6] an opt-out stops the agent and is answered by rule', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.mark();
    call.interim('take me off your list');
    expect(call.timeline()).toEqual(stopsAt(0));
    call.final('take me off your list');
    expect(call.asked()).toHaveLength(1);
    expect(call.said()).toEqual([LINES.optOut]);
  });
});
