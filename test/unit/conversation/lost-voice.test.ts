import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../src/conversation/events.ts';
import { alignment, broken, COUNTING, LINES, Scene, tone } from '../../support/scene.ts';

const stalled: Failure = { kind: 'stalled', retryable: true, detail: 'test' };

function asked(): Scene {
  const call = new Scene().opened();
  call.say('How does it work?');
  return call.mark();
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
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It answers your calls. Then' });
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
    expect(call.timeline().filter((line) => line.startsWith('200 ') && !line.endsWith('learn'))).toEqual([
      '200 voice.cancel',
      '200 error',
      '200 response.start',
      '200 response.text',
      '200 response.complete',
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

  it('[F5] a socket that fails when everything was sent is no trouble of the reply', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(100);
    call.mark();
    voiceFails(call, broken);
    call.audio('more');
    call.done();
    expect(call.timeline()).toEqual([]);
    call.pass(2349);
    expect(call.metrics()).toBeUndefined();
    call.pass(1);
    expect(call.metrics()).toMatchObject({ sentMs: 2450, heardMs: 2450 });
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
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'It answers your calls. Then' });
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
