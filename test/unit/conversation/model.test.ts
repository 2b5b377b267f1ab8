import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/conversation/events.ts';
import { broken, LINES, refused, Scene, spent } from '../../support/scene.ts';

const TWIN = { afterMs: 1000, differs: false };
const OTHER = { afterMs: 1000, differs: true };

function asked(rival = TWIN): Scene {
  const call = new Scene({ rival }).opened();
  call.say('How does it work?');
  return call.mark();
}

/** The first model has said nothing, and the second is asked: the numbers of both requests. */
function raced(call: Scene): readonly [number, number] {
  call.pass(1000);
  const [first, second] = call.all('model.ask').map(({ ask }) => ask);
  return [first ?? 0, second ?? 0];
}

function says(call: Scene, ask: number, text: string): void {
  call.on({ type: 'model.text', ask, text });
}

function fails(call: Scene, failure: Failure, ask = call.askNumber()): void {
  call.on({ type: 'model.failed', ask, failure });
}

/** Every reply of the models fails, as often as they are asked. */
function failsAltogether(call: Scene): void {
  call.say('How does it work?');
  fails(call, broken);
  fails(call, broken);
}

const models = (call: Scene) => call.all('model.ask').map(({ model }) => model);
const cancelled = (call: Scene) => call.all('model.cancel').map(({ ask }) => ask);
const codes = (call: Scene) => call.sent('voicechat.error').map(({ code }) => code);
const texts = (call: Scene) => call.sent('voicechat.response.text').map(({ text }) => text);

describe('a slow model', () => {
  it('[M1] has a rival after a second, which is shown the same', () => {
    const call = asked();
    call.pass(999);
    expect(models(call)).toEqual(['first']);
    call.pass(1);
    expect(call.timeline()).toEqual(['1000 model.ask']);
    expect(models(call)).toEqual(['first', 'second']);
    expect(call.asked()[1]).toEqual(call.asked()[0]);
    const [first, second] = call.all('model.ask').map(({ ask }) => ask);
    expect(second).not.toBe(first);
  });

  it('[M1] has one rival, not more', () => {
    const call = asked();
    call.pass(11_000);
    expect(models(call)).toEqual(['first', 'second']);
  });

  it('[M1] has it as long again later, but once, when the isolate was late to find out', () => {
    const call = new Scene({ rival: { afterMs: 1000, differs: true } }).opened();
    call.say('How much is it?');
    call.now += 1150;
    call.on({ type: 'tick', late: true });
    expect(call.asked()).toHaveLength(1);
    call.pass(999);
    expect(call.asked()).toHaveLength(1);
    call.now += 101;
    call.on({ type: 'tick', late: true });
    expect(call.asked()).toHaveLength(2);
  });

  it('[M1] has it in time when a late tick was about something else', () => {
    const call = new Scene({ rival: { afterMs: 1000, differs: true } }).opened();
    call.say('How much is it?');
    call.now += 900;
    call.on({ type: 'tick', late: true });
    call.pass(100);
    expect(call.asked()).toHaveLength(2);
  });

  it('[M1] has none when that is turned off', () => {
    const call = asked({ afterMs: 0, differs: true });
    call.pass(11_000);
    expect(models(call)).toEqual(['first']);
  });

  it('[M1] has none once it has a piece to say, however long the rest takes', () => {
    const call = asked();
    says(call, call.askNumber(), 'It answers your calls. ');
    call.pass(5000);
    expect(models(call)).toEqual(['first']);
  });

  it('[M1] has one although tokens came, when they are no piece', () => {
    const call = asked();
    says(call, call.askNumber(), 'It ');
    call.pass(1000);
    expect(models(call)).toEqual(['first', 'second']);
  });

  it('[M1] has none while the turn may go on; when it is over, the time since the request counts', () => {
    const call = new Scene({ rival: TWIN }).opened();
    call.eager('How does it work?');
    call.pass(900);
    expect(models(call)).toEqual(['first']);
    call.final('How does it work?');
    call.mark();
    call.pass(99);
    expect(models(call)).toEqual(['first']);
    call.pass(1);
    expect(call.timeline()).toEqual(['100 model.ask']);
  });

  it('[M1] has one at once when the turn is over later than that', () => {
    const call = new Scene({ rival: TWIN }).opened();
    call.eager('How does it work?');
    call.pass(3000);
    expect(models(call)).toEqual(['first']);
    call.final('How does it work?');
    call.pass(0);
    expect(models(call)).toEqual(['first', 'second']);
  });

  it('[M1] has its rival beside the filler', () => {
    const call = asked();
    const [, second] = raced(call);
    call.pass(200);
    expect(call.said()).toEqual([LINES.filler]);
    says(call, second, 'It answers your calls. ');
    expect(call.said()).toEqual([LINES.filler, 'It answers your calls.']);
  });
});

describe('the first of two requests with a piece to say', () => {
  it('[M2] is heard when it is the rival, and the other is cancelled', () => {
    const call = asked();
    const [first, second] = raced(call);
    says(call, first, 'Well');
    says(call, second, 'It answers your calls. ');
    expect(call.timeline().slice(1)).toEqual(['1000 voice.say', '1000 model.cancel']);
    expect(cancelled(call)).toEqual([first]);
    says(call, first, ', it is a telephone. ');
    call.answer('It writes them down.', second);
    call.on({ type: 'model.done', ask: first });
    call.voice();
    call.pass(10_000);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe('assistant: It answers your calls. It writes them down.');
    expect(codes(call)).toEqual([]);
  });

  it('[M2] is heard when it is the first one, and the rival is cancelled', () => {
    const call = asked();
    const [first, second] = raced(call);
    call.answer('It answers your calls.', first);
    expect(cancelled(call)).toEqual([second]);
    says(call, second, 'It is a telephone. ');
    fails(call, broken, second);
    call.voice();
    expect(texts(call)).toEqual(['It answers your calls.']);
    expect(codes(call)).toEqual([]);
  });

  it('[M2] may have it by the hurry', () => {
    const call = asked();
    const [first, second] = raced(call);
    says(call, second, 'We plan all jobs for ');
    call.pass(30);
    says(call, first, 'It is a ');
    call.pass(39);
    expect(call.said()).toEqual([]);
    call.pass(1);
    expect(call.said()).toEqual(['We plan all jobs']);
    expect(cancelled(call)).toEqual([first]);
  });

  it('[M2] has its first token measured, and the tokens of the other are wasted', () => {
    const call = asked();
    const [first, second] = raced(call);
    for (const text of ['Well', ' so', ' I']) says(call, first, text);
    call.pass(200);
    call.answer('It answers your calls.', second);
    call.voice();
    call.pass(5000);
    expect(call.metrics()).toMatchObject({ firstTokenMs: 1200, wastedTokens: 3 });
  });

  it('[M2] alone may end the call', () => {
    const call = asked();
    const [first, second] = raced(call);
    call.on({ type: 'model.end-call', ask: first, outcome: 'not-interested' });
    call.answer('It answers your calls.', second);
    call.on({ type: 'model.done', ask: first });
    call.voice();
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toEqual([]);
  });

  it('[M2] wins with the wish to end the call alone, and says goodbye', () => {
    const call = asked();
    const [first, second] = raced(call);
    call.on({ type: 'model.end-call', ask: second, outcome: 'voicemail' });
    call.on({ type: 'model.done', ask: second });
    expect(cancelled(call)).toEqual([first]);
    expect(call.said()).toEqual([LINES.goodbye]);
    call.voice();
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ outcome: 'voicemail' }]);
  });

  it('[M2] is not known yet when the caller goes on: both are cancelled', () => {
    const call = asked();
    const both = raced(call);
    call.interim('And what is it?');
    expect(cancelled(call)).toEqual(both);
    says(call, both[1], 'It answers your calls. ');
    expect(call.said()).toEqual([]);
  });
});

describe('a request that fails before its first word', () => {
  it.each([0, 1])('[M3] leaves the other to go on alone: %i', (loser) => {
    const call = asked();
    const both = raced(call);
    fails(call, loser === 0 ? broken : refused, both[loser]);
    expect(models(call)).toEqual(['first', 'second']);
    expect(codes(call)).toEqual([]);
    call.answer('It answers your calls.', both[1 - loser]);
    expect(call.said()).toEqual(['It answers your calls.']);
  });

  it('[M3] as the other one did leaves an apology', () => {
    const call = asked();
    const [first, second] = raced(call);
    call.pass(3000);
    fails(call, broken, first);
    call.pass(1000);
    fails(call, broken, second);
    expect(models(call)).toEqual(['first', 'second']);
    expect(call.timeline().slice(-4)).toEqual([
      '5000 model.cancel',
      '5000 error',
      '5000 voice.say',
      '5000 voice.finish',
    ]);
  });

  it('[M3] soon is made again at once to the other model, which has no rival', () => {
    const call = asked();
    call.pass(100);
    fails(call, broken);
    expect(call.timeline()).toEqual(['100 model.cancel', '100 model.ask']);
    call.pass(5000);
    expect(models(call)).toEqual(['first', 'second']);
  });

  it('[M4] because the first model refuses the call goes to the second, if that is another one', () => {
    const call = asked(OTHER);
    fails(call, spent);
    expect(models(call)).toEqual(['first', 'second']);
    call.answer('It answers your calls.');
    expect(call.said()).toEqual(['It answers your calls.']);
    expect(codes(call)).toEqual([]);
    const twin = asked(TWIN);
    fails(twin, spent);
    expect(models(twin)).toEqual(['first']);
    expect(twin.said()).toEqual([LINES.apology]);
  });

  it('[M4] so has later replies begin with the second model, and fall back on it', () => {
    const call = asked(OTHER);
    fails(call, spent);
    call.answer('It answers your calls.');
    call.voice();
    call.pass(10_000);
    call.final('How much is it?');
    expect(models(call)).toEqual(['first', 'second', 'second']);
    fails(call, broken);
    expect(models(call).at(-1)).toBe('second');
  });

  it('[M4] because the request was refused is not made again', () => {
    const call = asked(OTHER);
    fails(call, refused);
    expect(models(call)).toEqual(['first']);
    expect(call.said()).toEqual([LINES.apology]);
  });

  it('[M4] at both models has the agent apologise, and not ask the one again', () => {
    const call = asked(OTHER);
    fails(call, spent);
    fails(call, spent);
    expect(models(call)).toEqual(['first', 'second']);
    expect(call.said()).toEqual([LINES.apology]);
    expect(call.sent('voicechat.error')).toMatchObject([{ code: 'model_unavailable', retryable: false }]);
  });
});

describe('an answer that breaks off', () => {
  function brokenOff(text: string, failure = broken): Scene {
    const call = asked();
    says(call, call.askNumber(), text);
    fails(call, failure);
    return call;
  }

  it('[M5] is asked to go on, and does not repeat itself', () => {
    const call = brokenOff('It answers your calls. It writes them down. And it ');
    expect(call.said()).toEqual(['It answers your calls.', 'It writes them down.']);
    expect(call.asked().at(-1)?.slice(-3)).toEqual([
      { role: 'user', content: 'How does it work?' },
      { role: 'assistant', content: 'It answers your calls. It writes them down.' },
      { role: 'system', content: 'GO ON' },
    ]);
    expect(models(call)).toEqual(['first', 'second']);
    for (const text of ['It wri', 'tes them do', 'wn. And it call', 's you back.']) {
      says(call, call.askNumber(), text);
    }
    call.on({ type: 'model.done', ask: call.askNumber() });
    call.voice();
    call.pass(10_000);
    expect(texts(call).join(' ')).toBe('It answers your calls. It writes them down. And it calls you back.');
    expect(codes(call)).toEqual([]);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe(
      'assistant: It answers your calls. It writes them down. And it calls you back.',
    );
  });

  it('[M5] is not shown its filler as its words', () => {
    const call = asked();
    call.pass(1200);
    says(call, call.replyNumber(), 'It answers your calls. ');
    fails(call, broken, call.replyNumber());
    expect(call.asked().at(-1)?.at(-2)).toEqual({ role: 'assistant', content: 'It answers your calls.' });
  });

  it('[M5] is over when nothing was missing', () => {
    const call = brokenOff('It answers your calls. ');
    call.on({ type: 'model.done', ask: call.askNumber() });
    expect(call.all('voice.finish')).toHaveLength(1);
    expect(codes(call)).toEqual([]);
  });

  it('[M5] goes on once: then what is whole of it stands', () => {
    const call = brokenOff('It answers your calls. ');
    says(call, call.askNumber(), 'It writes them down. And then');
    fails(call, broken);
    expect(models(call)).toHaveLength(2);
    expect(call.said()).toEqual(['It answers your calls.', 'It writes them down.']);
    expect(codes(call)).toEqual(['model_unavailable']);
    call.voice();
    call.pass(10_000);
    expect(call.states().at(-1)).toBe('listening');
  });

  it('[M5] does not go on when its rest is refused before a word', () => {
    const call = brokenOff('It answers your calls. ');
    fails(call, broken);
    expect(call.timeline().slice(-3)).toEqual(['0 model.cancel', '0 error', '0 voice.finish']);
  });

  it('[M5] can be interrupted while its rest is awaited', () => {
    const call = brokenOff('It answers your calls. ');
    const rest = call.askNumber();
    call.speak();
    call.pass(700);
    call.interim('How much is it?');
    expect(cancelled(call)).toContain(rest);
    says(call, rest, 'It writes them down. ');
    expect(call.said()).toEqual(['It answers your calls.']);
  });

  it('[M5] may end the call with its rest', () => {
    const call = brokenOff('Thank you for your time. ');
    call.on({ type: 'model.text', ask: call.askNumber(), text: 'Goodbye.' });
    call.on({ type: 'model.end-call', ask: call.askNumber(), outcome: 'booked' });
    call.on({ type: 'model.done', ask: call.askNumber() });
    call.voice();
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ outcome: 'booked' }]);
  });
});

describe('an answer that is cut', () => {
  it('[M6] is spoken as far as it is whole', () => {
    const call = asked();
    says(call, call.askNumber(), 'It answers your calls. It writes them down. And then it');
    call.on({ type: 'model.done', ask: call.askNumber(), cut: true });
    expect(call.said()).toEqual(['It answers your calls.', 'It writes them down.']);
    expect(models(call)).toEqual(['first']);
    expect(codes(call)).toEqual([]);
  });

  it('[M6] before anything of it is whole has failed', () => {
    const call = asked();
    says(call, call.askNumber(), 'It an');
    call.on({ type: 'model.done', ask: call.askNumber(), cut: true });
    expect(models(call)).toEqual(['first', 'second']);
    expect(call.said()).toEqual([]);
  });
});

describe('replies without an answer', () => {
  it('[M7] are owned up to three times in a row, each more plainly, and then the call ends', () => {
    const call = new Scene({ rival: TWIN }).opened();
    for (const line of [LINES.apology, LINES.trouble, LINES.breakdown]) {
      failsAltogether(call);
      expect(call.all('voice.say').at(-1)).toMatchObject({ text: line, route: 'phrase' });
      expect(call.sent('voicechat.call.ended')).toEqual([]);
      call.voice();
      call.pass(10_000);
    }
    expect(call.sent('voicechat.call.ended')).toMatchObject([
      { reason: 'technical_trouble', outcome: 'no-decision' },
    ]);
    expect(call.all('call.close')).toEqual([{ type: 'call.close', reason: 'technical_trouble' }]);
  });

  it('[M7] are forgotten when one has its answer in between', () => {
    const call = new Scene({ rival: TWIN }).opened();
    for (let i = 0; i < 2; i++) {
      failsAltogether(call);
      expect(call.said()).toEqual([LINES.apology]);
      call.voice();
      call.pass(10_000);
      call.say('How much is it?');
      call.answer('It is ten dollars.');
      call.voice();
      call.pass(10_000);
    }
  });

  it('[M7] are forgotten when one was begun early and is kept, and not when it is dropped', () => {
    const call = new Scene({ rival: TWIN }).opened();
    const early = (words: string) => {
      call.eager(words);
      says(call, call.askNumber(), 'It is ten dollars. ');
      call.final('How much is it?');
    };
    failsAltogether(call);
    call.voice();
    call.pass(10_000);
    early('How much');
    fails(call, broken);
    fails(call, broken);
    expect(call.said()).toEqual([LINES.trouble]);
    call.voice();
    call.pass(10_000);
    early('How much is it?');
    call.on({ type: 'model.done', ask: call.askNumber() });
    call.voice();
    call.pass(10_000);
    failsAltogether(call);
    expect(call.said()).toEqual([LINES.apology]);
  });

  it('[M7] do not end the call of a caller who interrupts the last line and gets an answer', () => {
    const call = new Scene({ rival: TWIN }).opened();
    for (let i = 0; i < 3; i++) {
      failsAltogether(call);
      call.speak();
      if (i < 2) call.done();
      call.pass(i < 2 ? 10_000 : 800);
    }
    call.say('Wait, how much is it?');
    call.answer('It is ten dollars.');
    call.voice();
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toEqual([]);
  });

  it('[M7] do not keep a caller from opting out', () => {
    const call = new Scene({ rival: TWIN }).opened();
    for (let i = 0; i < 3; i++) {
      failsAltogether(call);
      call.speak();
      if (i < 2) call.done();
      call.pass(i < 2 ? 10_000 : 800);
    }
    call.say('Take me off your list.');
    expect(call.said()).toEqual([LINES.optOut]);
    call.voice();
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ outcome: 'opted-out' }]);
  });
});
