import { describe, expect, it } from 'vitest';
import { broken, COUNTING, LINES, refused, Scene } from '../../support/scene.ts';

/** No part of it sounds like a number or a command. */
const PITCH = 'We help small teams answer every caller within two rings, day and night.';

/** A sound that turns out to be nothing. */
function noise(call: Scene): void {
  call.sound();
  call.pass(700);
}

/** What concerns the agent's speech. */
function floor(call: Scene): readonly string[] {
  return call.timeline().filter((line) => /response\.(pause|resume|interrupt)|cancel|ask/.test(line));
}

describe('sounds', () => {
  it('[B7] a cough pauses the agent, and the same utterance goes on after 700 ms', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(1000);
    noise(call);
    expect(call.timeline().slice(4)).toEqual([
      '1000 voice.prepare',
      '1000 response.pause',
      '1700 response.resume',
    ]);
    const { utteranceId } = call.sent('voicechat.response.start')[0] ?? { utteranceId: '' };
    expect(call.sent('voicechat.response.pause')).toEqual([{ utteranceId }]);
    expect(call.sent('voicechat.response.resume')).toEqual([{ utteranceId }]);
    call.pass(5000);
    expect(call.metrics()).toMatchObject({
      utteranceId,
      pauses: 1,
      verdict: 'noise',
      verdictMs: 700,
      heardMs: 2450,
      interrupted: false,
    });
  });

  it('[B7] for a listener who reports, what was heard stands still during the pause', () => {
    const call = new Scene().opened().answering();
    call.done();
    for (let i = 0; i < 5; i++) {
      call.pass(200);
      call.report((i + 1) * 200);
    }
    call.sound();
    call.pass(400);
    call.report(1000);
    call.pass(300);
    call.pass(100);
    call.final('How much is it?');
    expect(floor(call)).toEqual([
      '1000 response.pause',
      '1700 response.resume',
      '1800 response.interrupt',
      '1800 voice.cancel',
      '1800 model.ask',
    ]);
    expect(call.metrics()).toMatchObject({ heardMs: 1100, wordsHeard: 5 });
    expect(call.shown().at(-2)).toBe('assistant: One two three four five (interrupted)');
  });

  it('[B7] an interruption within the pause stops the agent, with the time it took to tell', () => {
    const call = new Scene().opened().answering();
    call.report(0);
    call.pass(1000);
    call.sound();
    call.pass(320);
    call.interim('how much is it');
    expect(floor(call)).toEqual(['1000 response.pause', '1320 response.interrupt', '1320 voice.cancel']);
    expect(call.metrics()).toMatchObject({
      pauses: 1,
      verdict: 'interruption',
      verdictMs: 320,
      heardMs: 1000,
      wordsHeard: 4,
    });
  });

  it('[B7] a backchannel within the pause lets the agent go on at once', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(1000);
    call.sound();
    call.pass(250);
    call.interim('uh-huh');
    expect(floor(call)).toEqual(['1000 response.pause', '1250 response.resume']);
    call.final('Uh-huh.');
    call.pass(5000);
    expect(call.metrics()).toMatchObject({ pauses: 1, verdict: 'backchannel', verdictMs: 250 });
    expect(call.asked()).toHaveLength(1);
  });

  it('[B7] so does the echo of its own words', () => {
    const call = new Scene().opened().answering(PITCH);
    call.pass(1000);
    call.sound();
    call.pass(200);
    call.interim('help small teams');
    expect(floor(call)).toEqual(['1000 response.pause', '1200 response.resume']);
    call.done();
    call.pass(10_000);
    expect(call.metrics()).toMatchObject({ verdict: 'echo', verdictMs: 200 });
  });

  it('[B7] words that come after the 700 ms still interrupt', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    noise(call);
    call.pass(50);
    call.interim('how much is it');
    expect(floor(call)).toEqual([
      '1000 response.pause',
      '1700 response.resume',
      '1750 response.interrupt',
      '1750 voice.cancel',
    ]);
    expect(call.metrics()).toMatchObject({ pauses: 1, verdict: 'interruption', verdictMs: 0 });
  });

  it('[B7] a second sound within the pause does not make it longer', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.sound();
    call.pass(500);
    call.sound();
    call.pass(200);
    expect(floor(call)).toEqual(['1000 response.pause', '1700 response.resume']);
  });

  it('[B7] audio that comes during the pause is sent once, and nothing twice', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.answer('It answers your calls. Then it writes them down.');
    call.mark();
    call.audio('It answers your calls.');
    call.pass(500);
    call.sound();
    call.pass(100);
    call.audio('Then it writes them down.');
    call.done();
    call.pass(600);
    const bytes = call.sent('voicechat.response.chunk').reduce((sum, { audio }) => sum + audio.byteLength, 0);
    expect(bytes).toBe((22 + 25) * 50 * 32);
    expect(call.timeline().slice(3)).toEqual([
      '500 voice.prepare',
      '500 response.pause',
      '600 response.text',
      '600 response.chunk',
      '600 response.complete',
      '1200 response.resume',
    ]);
  });

  it('[B7] a pause in the tail puts off the end of the reply, for a listener who reports', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(2400);
    call.report(2400);
    noise(call);
    expect(floor(call)).toEqual(['2400 response.pause', '3100 response.resume']);
    expect(call.metrics()).toBeUndefined();
    call.pass(50);
    call.report(2450, true);
    expect(call.timeline().at(-1)).toBe('3150 turn.metrics');
  });

  it('[B7] a listener who says in the pause that all has sounded is taken at its word after it', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(2400);
    call.report(2400);
    call.sound();
    call.pass(50);
    call.report(2450, true);
    expect(call.metrics()).toBeUndefined();
    call.pass(650);
    expect(call.timeline().slice(-2)).toEqual(['3100 response.resume', '3100 turn.metrics']);
  });

  it('[B7] a listener who never reports plays on: the reply is over with its pause', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(2400);
    noise(call);
    expect(call.timeline().slice(-2)).toEqual(['3100 response.resume', '3100 turn.metrics']);
    expect(call.metrics()).toMatchObject({ heardMs: 2450, verdict: 'noise' });
  });

  it('[B7] a prompt is paused like an answer', () => {
    const call = new Scene({
      pace: { speculation: true, idlePromptMs: 10_000, maxCallMs: 900_000 },
    }).opened();
    call.pass(10_000);
    expect(call.said()).toEqual([LINES.stillThere]);
    call.mark();
    call.speak();
    call.pass(300);
    noise(call);
    expect(floor(call)).toEqual(['300 response.pause', '1000 response.resume']);
  });
});

describe('sounds before the reply sounds', () => {
  /** The caller has asked; 100 ms later there is a sound, and 200 ms after it the reply is ready. */
  function ready(): Scene {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.mark();
    call.pass(100);
    call.sound();
    call.pass(200);
    call.answer(COUNTING);
    call.voice();
    return call;
  }

  it('[B7] nothing is sent until the verdict, and everything then', () => {
    const call = ready();
    expect(call.timeline()).toEqual(['100 voice.prepare', '300 voice.say', '300 voice.finish']);
    call.pass(499);
    expect(call.timeline()).toHaveLength(3);
    call.pass(1);
    expect(call.timeline().slice(3)).toEqual([
      '800 response.start',
      '800 response.text',
      '800 response.chunk',
      '800 response.complete',
    ]);
    call.pass(2450);
    expect(call.metrics()).toMatchObject({ firstTokenMs: 300, firstAudioMs: 800, heardMs: 2450, pauses: 0 });
    expect(call.timeline().at(-1)).toBe('3250 turn.metrics');
  });

  it('[B7] words that go on drop it without a trace, and are answered together with those before', () => {
    const call = ready();
    call.pass(100);
    call.interim('and how much is it');
    expect(call.timeline().slice(3)).toEqual(['400 transcript.interim', '400 voice.cancel']);
    call.final('And how much is it?');
    call.pass(10);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    expect(call.shown().slice(1)).toEqual(['user: How does it work? And how much is it?']);
  });

  it('[B7] a backchannel lets it begin at once', () => {
    const call = ready();
    call.pass(100);
    call.interim('uh-huh');
    call.final('Uh-huh.');
    expect(
      call
        .timeline()
        .filter((line) => !line.includes('transcript'))
        .slice(3),
    ).toEqual(['400 response.start', '400 response.text', '400 response.chunk', '400 response.complete']);
    expect(call.asked()).toHaveLength(1);
  });

  it('[B7] a voice that fails meanwhile goes another way, and still waits for the verdict', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.mark();
    call.pass(100);
    call.sound();
    call.answer(COUNTING);
    call.audio('One two three');
    call.on({ type: 'voice.failed', reply: call.replyNumber(), failure: broken });
    call.pass(200);
    call.audio(COUNTING);
    call.done();
    call.pass(500);
    expect(call.timeline()).toEqual([
      '100 voice.prepare',
      '100 voice.say',
      '100 voice.finish',
      '100 voice.cancel',
      '100 voice.say',
      '100 voice.finish',
      '800 response.start',
      '800 response.text',
      '800 response.chunk',
      '800 response.complete',
    ]);
    expect(call.all('voice.say').map(({ route }) => route)).toEqual(['socket', 'fresh-socket']);
    const bytes = call.sent('voicechat.response.chunk').map(({ audio }) => audio.byteLength);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBe(2450 * 32);
  });

  it('[B7] words that can only be shown wait for the verdict, too', () => {
    const call = ready();
    call.on({ type: 'voice.failed', reply: call.replyNumber(), failure: refused });
    expect(call.timeline().filter((line) => line.includes('response'))).toEqual([]);
    call.pass(500);
    expect(call.timeline().filter((line) => line.includes('response'))).toEqual([
      '800 response.start',
      '800 response.text',
      '800 response.complete',
    ]);
  });
});

describe('a voice that fails in the pause', () => {
  it('[B7] is replaced, and the agent goes on after its pause', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    const reply = call.replyNumber();
    call.answer('It answers your calls. Then it writes them down.');
    call.audio('It answers your calls.');
    call.pass(500);
    call.mark();
    call.sound();
    call.on({ type: 'voice.failed', reply, failure: broken });
    call.pass(100);
    call.audio('Then it writes them down.');
    call.done();
    call.pass(600);
    expect(call.timeline()).toEqual([
      '0 voice.prepare',
      '0 response.pause',
      '0 voice.cancel',
      '0 voice.say',
      '0 voice.finish',
      '100 response.text',
      '100 response.chunk',
      '100 response.complete',
      '700 response.resume',
    ]);
  });

  it('[B7] for good does not leave the client paused', () => {
    const call = new Scene().opened().answering();
    call.pass(500);
    call.sound();
    call.on({ type: 'voice.failed', reply: call.replyNumber(), failure: refused });
    call.pass(700);
    expect(call.sent('voicechat.error').map(({ code }) => code)).toEqual(['synthesiser_unavailable']);
    expect(call.sent('voicechat.response.resume')).toHaveLength(1);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
  });
});
