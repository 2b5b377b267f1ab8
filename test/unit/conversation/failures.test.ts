import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/conversation/events.ts';
import { alignment, broken, COUNTING, LINES, refused, Scene, silence, tone } from '../../support/scene.ts';

const stalled: Failure = { kind: 'stalled', retryable: true, detail: 'test' };

function asked(): Scene {
  const call = new Scene().opened();
  call.say('How does it work?');
  return call.mark();
}

function modelFails(call: Scene, failure: Failure, reply = call.replyNumber()): void {
  call.on({ type: 'model.failed', reply, failure });
}

function voiceFails(call: Scene, failure: Failure): void {
  call.on({ type: 'voice.failed', reply: call.replyNumber(), failure });
}

function orders(call: Scene): readonly string[] {
  return call.all('voice.say').map((say) => `${say.route}: ${say.text}`);
}

function codes(call: Scene): readonly string[] {
  return call.sent('voicechat.error').map(({ code }) => code);
}

describe('a recogniser that is lost', () => {
  it('[F1] is opened again at once; the client is told from the second failure on, and the audio waits', () => {
    const call = new Scene().opened().mark();
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(0);
    expect(call.timeline()).toEqual(['0 recogniser.open']);
    call.on({ type: 'recogniser.failed', failure: broken });
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'recogniser_unavailable', retryable: true }),
    ]);
    call.on({ type: 'caller.audio', pcm: silence(20) });
    call.pass(250);
    expect(call.timeline()).toEqual(['0 recogniser.open', '0 error', '250 recogniser.open']);
    expect(call.on({ type: 'recogniser.open' }).map(({ type }) => type)).toEqual(['recogniser.audio']);
  });

  it('[F1] is tried after 0, 250, 500, 1000, 2000 and 5000 ms, and every 5000 ms from then on', () => {
    const call = new Scene().opened().mark();
    for (let i = 0; i < 8; i++) {
      call.on({ type: 'recogniser.failed', failure: broken });
      const tries = call.all('recogniser.open').length;
      while (call.all('recogniser.open').length === tries) call.pass(10);
    }
    const times = call
      .timeline()
      .flatMap((line) => (line.endsWith('open') ? [Number.parseInt(line, 10)] : []));
    const pauses = times.map((at, i) => Math.floor((at - (times[i - 1] ?? 0)) / 10) * 10);
    expect(pauses).toEqual([0, 250, 500, 1000, 2000, 5000, 5000, 5000]);
    expect(codes(call)).toEqual(['recogniser_unavailable']);
  });

  it('[F1] that held for 5 s was sound: it is opened at once again', () => {
    const call = new Scene().opened();
    for (let i = 0; i < 3; i++) {
      call.on({ type: 'recogniser.failed', failure: broken });
      call.pass(500);
      call.on({ type: 'recogniser.open' });
    }
    call.pass(5000);
    call.mark();
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(0);
    expect(call.timeline()).toEqual(['0 recogniser.open']);
  });

  it('[F1] that opens and fails at once is not asked without end', () => {
    const call = new Scene().opened();
    for (let i = 0; i < 200; i++) {
      call.on({ type: 'recogniser.failed', failure: broken });
      call.pass(100);
      call.on({ type: 'recogniser.open' });
    }
    expect(call.all('recogniser.open').length).toBeLessThan(15);
    expect(codes(call)).toEqual(['recogniser_unavailable']);
  });

  it('[F1] that is asked too often is not asked again at once', () => {
    const call = new Scene().opened().mark();
    const failure = { kind: 'rate-limited', retryable: true, detail: 'test' } as const;
    call.on({ type: 'recogniser.failed', failure });
    call.pass(1000);
    expect(call.timeline()).toEqual(['250 recogniser.open']);
  });

  it('[F1] does not stop the agent, which goes on to its end', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(500);
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(5000);
    expect(call.metrics()).toMatchObject({ heardMs: 2450, interrupted: false });
  });

  it('[F2] that refuses the call is not tried again; the client is told and can type', () => {
    const call = new Scene().opened().mark();
    call.on({ type: 'recogniser.failed', failure: refused });
    call.pass(60_000);
    expect(call.timeline()).toEqual(['0 error']);
    expect(call.sent('voicechat.error')).toEqual([
      expect.objectContaining({ code: 'recogniser_unavailable', retryable: false }),
    ]);
    call.on({ type: 'caller.text', text: 'Can you read this?' });
    expect(call.shown().at(-1)).toBe('user: Can you read this?');
  });
});

describe('a model that fails', () => {
  it('[F3] before its first word is asked once more, under a new number', () => {
    const call = asked();
    const first = call.replyNumber();
    call.pass(100);
    modelFails(call, broken);
    expect(call.timeline()).toEqual(['100 model.cancel', '100 model.ask']);
    expect(call.all('model.cancel')).toEqual([{ type: 'model.cancel', reply: first }]);
    expect(call.replyNumber()).toBeGreaterThan(first);
    expect(call.asked()[1]).toEqual(call.asked()[0]);
    expect(codes(call)).toEqual([]);
    call.mark();
    call.on({ type: 'model.text', reply: first, text: 'It answers your calls. Then' });
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

  it('[F3] without having said anything is one that failed', () => {
    const call = asked();
    call.on({ type: 'model.done', reply: call.replyNumber() });
    expect(call.asked()).toHaveLength(2);
    call.on({ type: 'model.done', reply: call.replyNumber() });
    expect(orders(call)).toEqual([`phrase: ${LINES.apology}`]);
  });

  it('[F3] while the filler sounds is asked once more, and the answer follows the filler', () => {
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

  it('[F3] while a filler sounds that has no alignment does not have it said twice', () => {
    const call = asked();
    call.on({ type: 'voice.ready', text: LINES.filler });
    call.pass(1200);
    call.on({ type: 'voice.audio', reply: call.replyNumber(), pcm: tone(1000), alignment: undefined });
    call.pass(300);
    modelFails(call, broken);
    expect(orders(call)).toEqual([`phrase: ${LINES.filler}`]);
  });

  it('[F3] before the filler sounds takes it along to the second try', () => {
    const call = asked();
    call.pass(1200);
    const first = call.replyNumber();
    modelFails(call, broken);
    const [, again] = call.all('voice.say');
    expect(again).toMatchObject({ text: LINES.filler, reply: call.replyNumber() });
    expect(call.all('voice.cancel')).toEqual([{ type: 'voice.cancel', reply: first }]);
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

  it('[F4] after words were said ends with these, which stand', () => {
    const call = asked();
    const reply = call.replyNumber();
    call.on({ type: 'model.text', reply, text: 'It answers your calls. ' });
    call.pass(100);
    modelFails(call, broken);
    expect(call.timeline()).toEqual(['0 voice.say', '100 model.cancel', '100 error', '100 voice.finish']);
    expect(codes(call)).toEqual(['model_unavailable']);
    call.voice();
    call.pass(5000);
    call.final('How much is it?');
    expect(call.asked()).toHaveLength(2);
    expect(call.shown().at(-2)).toBe('assistant: It answers your calls.');
  });

  it('[F4] does not keep the agent from being interrupted', () => {
    const call = asked();
    call.on({ type: 'model.text', reply: call.replyNumber(), text: `${COUNTING} ` });
    call.speak();
    modelFails(call, broken);
    call.pass(1000);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe('assistant: One two three four (interrupted)');
    expect(call.all('voice.cancel')).toHaveLength(1);
  });
});

describe('a synthesiser that fails', () => {
  it('[F5] is replaced by HTTP for what has no sound yet, and only that', () => {
    const call = asked();
    call.answer('It answers your calls. This is the second part.');
    call.audio('It answers your calls.');
    call.pass(100);
    voiceFails(call, broken);
    expect(orders(call).slice(2)).toEqual(['http: This is the second part.']);
    expect(call.timeline().slice(-3)).toEqual(['100 voice.cancel', '100 voice.say', '100 voice.finish']);
    call.pass(100);
    call.audio('This is the second part.');
    call.done();
    call.pass(5000);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
    expect(codes(call)).toEqual([]);
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe('assistant: It answers your calls. This is the second part.');
  });

  it('[F5] words whose audio never came are said again, though their times were told', () => {
    const call = asked();
    call.answer(COUNTING);
    const pcm = tone(400);
    call.on({ type: 'voice.audio', reply: call.replyNumber(), pcm, alignment: alignment(COUNTING) });
    voiceFails(call, broken);
    expect(orders(call).at(-1)).toBe('http: three four five six seven eight nine ten.');
  });

  it('[F5] words that the model says later go the same way', () => {
    const call = asked();
    call.on({ type: 'model.text', reply: call.replyNumber(), text: 'It answers your calls. Then' });
    voiceFails(call, broken);
    call.answer(' it writes them down.');
    expect(orders(call)).toEqual([
      'socket: It answers your calls.',
      'http: It answers your calls.',
      'http: Then it writes them down.',
    ]);
    expect(call.all('voice.finish')).toHaveLength(1);
  });

  it('[F5] a voice that is done without a sound is one that failed', () => {
    const call = asked();
    call.answer(COUNTING);
    call.done();
    expect(orders(call)).toEqual([`socket: ${COUNTING}`, `http: ${COUNTING}`]);
  });

  it('[F5] a socket that was merely closed is used for the next reply', () => {
    const call = asked();
    call.answer('It answers your calls.');
    voiceFails(call, broken);
    call.voice();
    call.pass(5000);
    call.answering('I am here.');
    expect(orders(call).at(-1)).toBe('socket: I am here.');
  });

  it.each(['stalled', 'unreachable', 'timeout'] as const)(
    '[F5] one that was %s is avoided for 30 s',
    (kind) => {
      const call = asked();
      call.answer('It answers your calls.');
      voiceFails(call, { kind, retryable: true, detail: 'test' });
      call.audio('It answers your calls.');
      call.done();
      call.pass(29_999);
      call.say('Are you there?');
      call.answer('I am here.');
      expect(orders(call).at(-1)).toBe('http: I am here.');
      call.final('Still there?');
      call.pass(1);
      call.final('Now?');
      call.answer('I am still here.');
      expect(orders(call).at(-1)).toBe('socket: I am still here.');
    },
  );

  it('[F5] a line goes from the cache to the socket to HTTP to text', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.on({ type: 'recogniser.open' });
    call.mark();
    voiceFails(call, broken);
    call.pass(100);
    voiceFails(call, broken);
    call.pass(100);
    voiceFails(call, broken);
    expect(orders(call)).toEqual([
      `phrase: ${LINES.greeting}`,
      `socket: ${LINES.greeting}`,
      `http: ${LINES.greeting}`,
    ]);
    expect(call.timeline().slice(6)).toEqual([
      '200 voice.cancel',
      '200 error',
      '200 response.start',
      '200 response.text',
      '200 response.complete',
      '200 voice.learn',
      '200 turn.metrics',
    ]);
    expect(codes(call)).toEqual(['synthesiser_unavailable']);
    call.final('Who is this?');
    expect(call.shown()).toEqual([`assistant: ${LINES.greeting}`, 'user: Who is this?']);
  });

  it('[F5] a line avoids a socket that hangs', () => {
    const call = asked();
    call.answer('It answers your calls.');
    voiceFails(call, stalled);
    call.voice();
    call.pass(5000);
    call.final('Hold on a minute.');
    voiceFails(call, broken);
    expect(orders(call).slice(-2)).toEqual([`phrase: ${LINES.wait}`, `http: ${LINES.wait}`]);
  });

  it('[F6] both ways has the words shown, which count as read', () => {
    const call = asked();
    call.answer('It answers your calls. This is the second part.');
    voiceFails(call, broken);
    call.pass(100);
    voiceFails(call, broken);
    expect(call.timeline().slice(-6)).toEqual([
      '100 voice.cancel',
      '100 error',
      '100 response.start',
      '100 response.text',
      '100 response.complete',
      '100 turn.metrics',
    ]);
    expect(call.sent('voicechat.response.text').map(({ text }) => text)).toEqual([
      'It answers your calls.',
      'This is the second part.',
    ]);
    expect(call.metrics()).toMatchObject({ sentMs: 0, wordsSaid: 9, wordsHeard: 9, interrupted: false });
    call.final('How much is it?');
    expect(call.shown().at(-2)).toBe('assistant: It answers your calls. This is the second part.');
  });

  it('[F6] both ways before the model is done has the rest shown when it is', () => {
    const call = asked();
    call.on({ type: 'model.text', reply: call.replyNumber(), text: 'It answers your calls. Then' });
    voiceFails(call, broken);
    voiceFails(call, broken);
    expect(call.sent('voicechat.response.text')).toEqual([]);
    call.pass(500);
    call.answer(' it writes them down.');
    expect(call.timeline().slice(-4)).toEqual([
      '500 response.start',
      '500 response.text',
      '500 response.complete',
      '500 turn.metrics',
    ]);
    expect(orders(call)).toHaveLength(2);
  });

  it('[F6] both ways halfway through has the rest shown, and none of it twice', () => {
    const call = asked();
    call.answer('It answers your calls. This is the second part.');
    call.audio('It answers your calls.');
    voiceFails(call, broken);
    voiceFails(call, broken);
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
    expect(call.sent('voicechat.response.text').map(({ text }) => text)).toEqual([
      'It answers your calls.',
      'This is the second part.',
    ]);
  });

  it('[F6] both ways leaves what sounds interruptible', () => {
    const call = asked();
    call.answer('It answers your calls. This is the second part.');
    call.audio('It answers your calls.');
    voiceFails(call, broken);
    voiceFails(call, broken);
    call.pass(500);
    call.interim('how much is it');
    expect(call.timeline().at(-2)).toBe('500 response.interrupt');
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
      call.on({ type: 'model.text', reply: call.replyNumber(), text: 'It answers your calls every day. ' });
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
