import { describe, expect, it } from 'vitest';
import { COUNTING, LINES, refused, Scene } from '../../support/scene.ts';

const MINUTE_MS = 60_000;

describe('a caller who is away', () => {
  it('[C1] loses no call with his connection, and nothing is said, asked or prompted meanwhile', () => {
    const call = prompting().opened();
    call.lose();
    call.pass(59_999);
    expect(call.timeline()).toEqual([]);
    expect(call.conversation.ended).toBe(false);
  });

  it('[C1] is asked whether he is there only in a silence that begins with his return', () => {
    const call = prompting().opened();
    call.lose();
    call.pass(20_000);
    call.back();
    call.pass(9999);
    expect(call.said()).toEqual([]);
    call.pass(1);
    expect(call.said()).toEqual([LINES.stillThere]);
  });

  it('[C1] is not speculated about, and a speculation that had begun is dropped', () => {
    const call = new Scene().opened();
    call.eager('How much is it?');
    expect(call.all('model.ask')).toHaveLength(1);
    call.lose();
    expect(call.all('model.cancel')).toHaveLength(1);
    call.eager('How much is it then?');
    expect(call.all('model.ask')).toHaveLength(1);
  });

  it('[C2] is answered when he is back, by the last of the turns that were over; all are told and remembered', () => {
    const call = new Scene().opened();
    call.interim('My name is');
    call.lose();
    call.say('My name is Jo.');
    call.say('How much is it?');
    call.pass(5000);
    expect(call.turns()).toEqual(['My name is Jo.', 'How much is it?']);
    expect(call.asked()).toEqual([]);
    call.back();
    expect(call.shown().at(-1)).toBe('user: My name is Jo. How much is it?');
    expect(call.asked()).toHaveLength(1);
  });

  it('[C2] stops the agent with words he said before his connection was lost', () => {
    const call = new Scene().opened().answering();
    call.pass(1100);
    call.lose();
    call.say('No, wait.');
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    call.back();
    expect(call.shown().slice(-2)).toEqual([
      'assistant: One two three four five (interrupted)',
      'user: No, wait.',
    ]);
  });
});

describe('a reply that sounds when the connection is lost', () => {
  it('[C3] sends nothing meanwhile, and goes on with the sample its client is waiting for', () => {
    const call = new Scene().opened().answering();
    call.pass(500);
    call.lose();
    call.audio(' And more.');
    call.done();
    call.pass(3000);
    const before = call.commands.length;
    expect(call.sentAudioMs()).toBe(2450);
    call.back({ playedMs: 700, receivedMs: 1000 });
    expect(names(call, before)).toEqual(['caller.catch-up', 'response.chunk', 'response.complete', 'state']);
    expect(call.sentAudioMs()).toBe(2450 + 1450 + 500);
    call.pass(2249);
    expect(call.states().at(-1)).toBe('speaking');
    call.pass(1001);
    expect(call.states().at(-1)).toBe('listening');
    expect(call.metrics()).toMatchObject({ sentMs: 2950, heardMs: 2950, interrupted: false });
  });

  it('[C3] goes on with audio that was not sent yet, no further ahead than the listener may have', () => {
    const call = new Scene({ pace: { audioAheadMs: 1000 } }).opened().answering();
    call.done();
    expect(call.sentAudioMs()).toBe(1000);
    call.pass(200);
    call.lose();
    call.pass(3000);
    expect(call.sentAudioMs()).toBe(1000);
    call.back({ playedMs: 600, receivedMs: 600 });
    expect(call.sentAudioMs()).toBeGreaterThanOrEqual(1000 + 400 + 600);
    expect(call.sentAudioMs()).toBeLessThan(2450 + 400);
    for (let playedMs = 700; playedMs <= 2400; playedMs += 100) {
      call.pass(100);
      call.report(playedMs);
    }
    call.pass(2000);
    expect(call.sentAudioMs()).toBe(2450 + 400);
    expect(call.sent('voicechat.response.complete')).toHaveLength(1);
    expect(call.metrics()).toMatchObject({ sentMs: 2450, interrupted: false });
  });

  it.each([1000, 5000, 12_000])(
    '[C3] has at hand all that a client may not have got of %i ms ahead',
    (audioAheadMs) => {
      const call = new Scene({ pace: { audioAheadMs } }).opened();
      call.say('Tell me everything.');
      call.answer('This one sentence is just as long as forty-nine is. '.repeat(20).trim());
      call.mark();
      call.voice();
      for (let playedMs = 0; playedMs <= 3000; playedMs += 200) {
        call.report(playedMs);
        call.pass(200);
      }
      call.pass(800);
      const before = call.sentAudioMs();
      expect(before).toBeGreaterThanOrEqual(3000 + audioAheadMs);
      call.lose();
      call.back({ playedMs: 3000, receivedMs: 3000 });
      expect(call.sentAudioMs()).toBe(before + (before - 3000));
    },
  );

  it('[C3] keeps no more than that of a listener who never reports', () => {
    const call = new Scene({ pace: { audioAheadMs: 1000 } }).opened();
    call.say('Tell me everything.');
    call.answer('This one sentence is just as long as forty-nine is. '.repeat(20).trim());
    call.mark();
    call.voice();
    call.pass(10_000);
    const before = call.commands.length;
    call.lose();
    call.back({ playedMs: 6000, receivedMs: 6000 });
    expect(names(call, before)).toContain('response.interrupt');
  });

  it('[C3] tells its end after the audio that is sent again, and only then', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(500);
    call.lose();
    call.pass(100);
    const before = call.commands.length;
    call.back({ playedMs: 500, receivedMs: 2000 });
    expect(call.all('caller.catch-up')).toEqual([
      { type: 'caller.catch-up', unfinished: call.latestUtteranceId },
    ]);
    expect(names(call, before)).toEqual(['caller.catch-up', 'response.chunk', 'response.complete', 'state']);
    expect(call.sentAudioMs()).toBe(2450 + 450);
  });

  it('[C3] is whole for a client that has all of it, however long it was away', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(500);
    call.lose();
    call.pass(30_000);
    call.back({ playedMs: 2450, receivedMs: 2450, ended: true });
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    expect(call.all('caller.catch-up')).toEqual([{ type: 'caller.catch-up', unfinished: undefined }]);
    call.say('And then?');
    expect(call.shown().slice(-2)).toEqual([`assistant: ${COUNTING}`, 'user: And then?']);
  });

  it('[C3] is heard on by a client that has all of it and was held up', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(500);
    call.lose();
    call.pass(30_000);
    call.back({ playedMs: 1000, receivedMs: 2450 });
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    call.pass(1000);
    expect(call.states().at(-1)).toBe('speaking');
  });

  it('[C3] goes on from a pause with a resume', () => {
    const call = new Scene().opened().answering();
    call.pass(500);
    call.sound();
    call.lose();
    call.pass(3000);
    const before = call.commands.length;
    call.back({ playedMs: 500, receivedMs: 2450 });
    expect(names(call, before)).toEqual(['caller.catch-up', 'response.resume', 'state']);
  });

  it.each([
    ['5001 ms are too long', 5001, { playedMs: 700, receivedMs: 1000 }],
    ['the client tells nothing', 100, undefined],
  ])('[C4] is given up when %s; what was not heard follows a line about the break', (_, awayMs, has) => {
    const call = new Scene().opened().answering();
    call.pass(700);
    call.lose();
    call.pass(awayMs);
    call.back(has);
    call.pass(has === undefined ? 499 : 0);
    if (has === undefined) expect(call.all('caller.catch-up')).toEqual([]);
    call.pass(1);
    expect(call.sent('voicechat.response.interrupt')).toHaveLength(1);
    expect(call.said()).toEqual([LINES.backAgain, 'four five six seven eight nine ten.']);
    call.voice();
    call.pass(10_000);
    call.say('Go on');
    expect(call.shown().at(-2)).toBe(
      `assistant: One two three (interrupted) ${LINES.backAgain} four five six seven eight nine ten.`,
    );
  });

  it('[C4] was not heard at all by a client that tells of another utterance', () => {
    const call = new Scene().opened().answering();
    call.pass(700);
    call.lose();
    call.on({ type: 'caller.returned' });
    call.on({ type: 'caller.playback', utteranceId: 'other', playedMs: 900, receivedMs: 900, ended: true });
    expect(call.sentAudioMs()).toBe(2 * 2450);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
  });

  it('[C4] says the line about a break once when it is broken again', () => {
    const call = new Scene().opened().answering();
    call.pass(700);
    call.lose();
    call.pass(6000);
    call.back({ playedMs: 700, receivedMs: 700 });
    call.speak();
    call.pass(200);
    call.lose();
    call.pass(6000);
    call.back({ playedMs: 200, receivedMs: 200 });
    expect(call.said()).toEqual([LINES.backAgain, 'four five six seven eight nine ten.']);
  });

  it('[C4] still ends the call when it was the goodbye', () => {
    const call = new Scene().opened();
    call.say('Take me off your list.');
    call.speak();
    call.done();
    call.pass(300);
    call.lose();
    call.pass(20_000);
    call.back({ playedMs: 300, receivedMs: 300 });
    expect(call.said()).toEqual([LINES.backAgain, 'off our list.', 'Goodbye.']);
    call.voice();
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([
      { reason: 'agent_ended', outcome: 'opted-out' },
    ]);
  });

  it('[C5] goes on when the model has not told yet what is missing', () => {
    const call = new Scene().opened();
    call.say('Go on');
    call.on({ type: 'model.text', ask: call.replyNumber(), text: 'Well, let me see. ' });
    call.speak();
    call.pass(2000);
    call.lose();
    call.pass(9000);
    call.back({ playedMs: 850, receivedMs: 850 });
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    call.answer('It is ten.');
    call.voice();
    expect(call.sent('voicechat.response.complete')).toHaveLength(2 - 1);
  });
});

describe('a reply that does not sound yet when the connection is lost', () => {
  it('[C5] is made ready, and sounds when the caller is back', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.lose();
    call.answer(COUNTING);
    call.voice();
    call.pass(30_000);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    const before = call.commands.length;
    call.back();
    expect(names(call, before).slice(0, 4)).toEqual([
      'caller.catch-up',
      'response.start',
      'response.text',
      'response.chunk',
    ]);
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
  });

  it('[C5] the greeting waits as well', () => {
    const call = new Scene();
    call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
    call.lose();
    call.voice();
    call.pass(1000);
    expect(call.sent('voicechat.response.start')).toEqual([]);
    call.back();
    expect(call.sent('voicechat.response.start')).toHaveLength(1);
    expect(call.said()).toEqual([LINES.greeting]);
  });

  it('[C5] apologises to the caller who is back for what failed meanwhile', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.lose();
    call.on({ type: 'model.failed', ask: call.replyNumber(), failure: refused });
    expect(call.sent('voicechat.error')).toHaveLength(1);
    call.voice();
    expect(call.sent('voicechat.response.start')).toEqual([]);
    call.back();
    expect(call.sent('voicechat.response.text').map(({ text }) => text)).toEqual([LINES.apology]);
  });
});

describe('a caller who does not come back', () => {
  it('[C6] ends the call after 60 s, whatever the state', () => {
    for (const begun of [new Scene(), new Scene().opened(), new Scene().opened().answering()]) {
      begun.lose();
      begun.pass(MINUTE_MS - 1);
      expect(begun.conversation.ended).toBe(false);
      begun.pass(1);
      expect(begun.sent('voicechat.call.ended')).toMatchObject([
        { reason: 'abandoned', outcome: 'no-decision' },
      ]);
      expect(begun.conversation.deadline).toBeUndefined();
    }
  });

  it('[C6] has the grace anew with every loss', () => {
    const call = new Scene().opened();
    call.lose();
    call.pass(50_000);
    call.back();
    call.lose();
    call.pass(MINUTE_MS - 1);
    expect(call.conversation.ended).toBe(false);
    call.pass(1);
    expect(call.conversation.ended).toBe(true);
  });

  it('[C6] has it anew even when he was not there long enough to tell what he has', () => {
    const call = new Scene().opened().answering();
    call.lose();
    call.pass(50_000);
    call.back();
    call.pass(100);
    call.lose();
    call.pass(MINUTE_MS - 1);
    expect(call.conversation.ended).toBe(false);
    call.pass(1);
    expect(call.conversation.ended).toBe(true);
  });

  it.each<[string, (call: Scene) => void]>([
    ['was being confirmed', (call) => call.say('Take me off your list.')],
    [
      'had not been answered',
      (call) => {
        call.lose();
        call.say('Take me off your list.');
      },
    ],
    ['was not even final', (call) => call.interim('Take me off your list')],
  ])('[C6] is not called again when his opt-out %s', (_, happens) => {
    const call = new Scene().opened();
    happens(call);
    call.lose();
    call.pass(MINUTE_MS);
    expect(call.sent('voicechat.call.ended')).toMatchObject([{ reason: 'abandoned', outcome: 'opted-out' }]);
  });

  it('[C6] does not make the call longer than a call may be', () => {
    const call = new Scene({ pace: { speculation: true, idlePromptMs: 1e9, maxCallMs: 30_000 } }).opened();
    call.pass(20_000);
    call.lose();
    call.pass(10_000);
    expect(call.sent('voicechat.call.ended')).toMatchObject([
      { reason: 'max_duration', outcome: 'no-decision' },
    ]);
  });
});

describe('a second connection', () => {
  it('[C8] takes the call over as after a loss', () => {
    const call = new Scene().opened().answering();
    call.pass(700);
    call.on({ type: 'caller.returned' });
    expect(call.sent('voicechat.response.interrupt')).toEqual([]);
    call.pass(500);
    expect(call.said()).toEqual([LINES.backAgain, 'four five six seven eight nine ten.']);
  });
});

function prompting(): Scene {
  return new Scene({ pace: { speculation: true, idlePromptMs: 10_000, maxCallMs: 1e9 } });
}

function names(call: Scene, from: number): readonly string[] {
  const all = call.commands.slice(from).flatMap(({ command }) => {
    const name = command.type === 'send' ? command.event.replace('voicechat.', '') : command.type;
    return name === 'voice.prepare' ? [] : [name];
  });
  return all.filter((name, i) => name !== all[i - 1]);
}
