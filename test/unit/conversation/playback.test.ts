import { describe, expect, it } from 'vitest';
import { PlaybackClock } from '../../../src/conversation/playback.ts';
import { COUNTING, Scene } from '../../support/scene.ts';

/** The words that were remembered of the reply that is cut at this moment. */
function cut(call: Scene): string | undefined {
  call.final('how much is it');
  return call.shown().at(-2)?.replace('assistant: ', '').replace(' (interrupted)', '');
}

function upTo(word: string): string {
  return COUNTING.slice(0, COUNTING.indexOf(word) + word.length);
}

/** Everything was sent, and the listener has reported every 200 ms, without any delay. */
function reporting(untilMs: number): Scene {
  const call = new Scene().opened().answering();
  call.done();
  for (let at = 200; at <= untilMs; at += 200) {
    call.pass(200);
    call.report(at);
  }
  return call;
}

describe('the reports of a listener', () => {
  it('[H1] are believed, and time goes on from the last one', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.report(400);
    call.pass(150);
    expect(cut(call)).toBe('One two three');
    expect(call.metrics()).toMatchObject({ heardMs: 550, wordsHeard: 3 });
  });

  it('[H1] put off the end of the reply', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(1000);
    call.report(400);
    call.pass(2050);
    expect(call.metrics()).toBeUndefined();
    call.report(2450, true);
    expect(call.timeline().at(-1)).toBe('3050 turn.metrics');
  });

  it('[H1] tell when the first sound was heard', () => {
    const call = new Scene().opened().answering();
    call.done();
    call.pass(500);
    call.report(200);
    call.pass(100);
    call.report(300);
    call.pass(5000);
    expect(call.metrics()).toMatchObject({ firstAudioMs: 0, firstHeardMs: 300 });
  });

  it('[H1] about another utterance are about nothing', () => {
    const call = reporting(1000);
    call.on({ type: 'caller.playback', utteranceId: 'another', playedMs: 2450, ended: true });
    expect(cut(call)).toBe(upTo('four'));
  });

  it('[H3] that are lost leave time to go on by itself', () => {
    const call = reporting(400);
    call.pass(900);
    expect(cut(call)).toBe(upTo('six'));
    expect(call.metrics()).toMatchObject({ heardMs: 1300 });
  });

  it('[H3] that stop for seconds and then jump, as those of a tab in the background do, lose no word', () => {
    const call = reporting(400);
    call.pass(1600);
    call.report(1950);
    call.pass(100);
    expect(cut(call)).toBe(upTo('eight'));
    expect(call.metrics()).toMatchObject({ heardMs: 2050 });
  });

  it('[H3] that jump after the reply is over change nothing', () => {
    const call = reporting(400);
    call.pass(3050);
    expect(call.timeline().at(-1)).toBe('3450 turn.metrics');
    call.mark();
    call.report(2450, true);
    expect(call.timeline()).toEqual([]);
    expect(cut(call)).toBe(COUNTING);
  });

  it('[H3] that come twice count once', () => {
    const call = reporting(600);
    call.report(600);
    call.pass(100);
    expect(cut(call)).toBe('One two three');
    expect(call.metrics()).toMatchObject({ heardMs: 700 });
  });

  it('[H3] that run backwards take back no word', () => {
    const call = reporting(1000);
    call.report(200);
    expect(cut(call)).toBe(upTo('four'));
    expect(call.metrics()).toMatchObject({ heardMs: 1000 });
  });

  it('[H3] beyond what was sent tell of nothing that was not sent', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.answer('One two three four five. Six seven eight nine ten.');
    call.audio('One two three four five.');
    call.pass(100);
    call.report(9000);
    expect(call.conversation.ended).toBe(false);
    call.audio('Six seven eight nine ten.');
    call.pass(300);
    expect(cut(call)).toBe('One two three four five. Six');
    expect(call.metrics()).toMatchObject({ sentMs: 2450, heardMs: 1500 });
  });

  it('[H3] beyond what was sent do not make later ones worthless', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    call.answer('One two three four five. Six seven eight nine ten.');
    call.audio('One two three four five.');
    call.pass(100);
    call.report(9000);
    call.audio('Six seven eight nine ten.');
    call.pass(500);
    call.report(1300);
    expect(cut(call)).toBe('One two three four five. Six');
    expect(call.metrics()).toMatchObject({ heardMs: 1300 });
  });

  it('[H3] of an end beyond what was sent end it at what was sent', () => {
    const call = reporting(400);
    call.report(86_400_000, true);
    expect(call.timeline().at(-1)).toBe('400 turn.metrics');
    expect(call.metrics()).toMatchObject({ heardMs: 2450, wordsHeard: 10 });
  });

  it('[H3] of a clock that jumps by a day end the reply at what was sent', () => {
    const call = reporting(400);
    call.report(86_400_000);
    expect(cut(call)).toBe(COUNTING);
    expect(call.metrics()).toMatchObject({ heardMs: 2450 });
  });

  it('[H3] of a listener who stands still for ever do not hold the call for ever', () => {
    const call = reporting(400);
    for (let i = 0; i < 100; i++) {
      call.pass(200);
      call.report(400);
    }
    expect(call.sent('voicechat.state').at(-1)).toEqual({ state: 'listening' });
    expect(call.timeline().at(-1)).toBe('12450 turn.metrics');
  });

  it('[H1] of a listener who stood still to the end are believed about what was heard', () => {
    const call = reporting(400);
    for (let i = 0; i < 100; i++) {
      call.pass(200);
      call.report(400);
    }
    expect(call.metrics()?.heardMs).toBeLessThan(700);
    expect(cut(call)).toBe('One two');
  });

  it('[H1] about where it was stopped are believed, though they come after the stop', () => {
    const call = reporting(600);
    call.pass(400);
    call.interim('how much is it');
    call.pass(80);
    // 300 ms of its sound were still on their way to the loudspeaker.
    call.report(700, true);
    call.pass(300);
    expect(cut(call)).toBe('One two three');
  });

  it('[H1] that were on their way when it was stopped do not pass for where it was', () => {
    const call = reporting(600);
    call.pass(400);
    call.interim('how much is it');
    call.report(500);
    call.pass(80);
    call.report(820, true);
    expect(cut(call)).toBe('One two three four');
  });

  it('[H1] about where it was stopped correct the memory even behind the next question', () => {
    const call = reporting(600);
    call.pass(400);
    call.final('how much is it');
    expect(call.shown().at(-2)).toBe('assistant: One two three four (interrupted)');
    call.report(700, true);
    call.answer('Ten dollars.');
    call.voice();
    call.pass(5000);
    call.final('Thank you, and for two users?');
    expect(call.shown().slice(-4)).toEqual([
      'assistant: One two three (interrupted)',
      'user: how much is it',
      'assistant: Ten dollars.',
      'user: Thank you, and for two users?',
    ]);
  });

  it('[H2] that nothing of a stopped reply was heard take it out of the memory', () => {
    const call = new Scene().opened().answering();
    call.pass(400);
    call.interim('how much is it');
    call.report(0, true);
    call.final('how much is it');
    expect(call.shown().slice(1)).toEqual(['user: How does it work? how much is it']);
  });

  it('[H1] about a reply before the last one come too late', () => {
    const call = reporting(600);
    const first = call.latestUtteranceId;
    call.pass(400);
    call.final('how much is it');
    call.answer(COUNTING);
    call.voice();
    call.pass(1000);
    call.final('For two users?');
    call.mark();
    call.on({ type: 'caller.playback', utteranceId: first, playedMs: 2000, ended: true });
    expect(call.timeline()).toEqual([]);
    call.final('Or three?');
    expect(call.shown().filter((line) => line.includes('(interrupted)'))).toEqual([
      'assistant: One two three four (interrupted)',
      'assistant: One two three four (interrupted)',
    ]);
  });

  it('[H1] an end before the end of the audio is the end, and the rest was not heard', () => {
    const call = reporting(1000);
    call.report(1000, true);
    expect(call.timeline().at(-1)).toBe('1000 turn.metrics');
    call.pass(2000);
    expect(cut(call)).toBe('One two three four');
    expect(call.metrics()).toMatchObject({ heardMs: 1000, wordsHeard: 4, interrupted: false });
  });
});

describe('a pause', () => {
  it('[H3] stops the time of a listener who reports, however late the reports are', () => {
    const call = reporting(1000);
    call.sound();
    call.pass(50);
    call.report(990);
    call.pass(550);
    call.report(1000);
    call.pass(90);
    expect(cut(call)).toBe(upTo('four'));
    expect(call.metrics()).toMatchObject({ heardMs: 1000 });
  });

  it('[H3] does not stop the time of one who never reports', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.sound();
    call.pass(650);
    expect(cut(call)).toBe(upTo('seven'));
    expect(call.metrics()).toMatchObject({ heardMs: 1650 });
  });

  it('[H3] is behind a listener who reports: the very next sample follows', () => {
    const call = reporting(1000);
    call.sound();
    call.pass(700);
    call.pass(300);
    expect(cut(call)).toBe(upTo('six'));
    expect(call.metrics()).toMatchObject({ heardMs: 1300 });
  });

  it('[H3] in which the first report of all comes is believed to have been one', () => {
    const call = new Scene().opened().answering();
    call.pass(1000);
    call.sound();
    call.pass(100);
    call.report(950);
    call.pass(600);
    call.pass(100);
    expect(cut(call)).toBe(upTo('five'));
    expect(call.metrics()).toMatchObject({ heardMs: 1050 });
  });

  it('[H3] two of them in one reply are both left out', () => {
    const call = reporting(600);
    call.sound();
    call.pass(700);
    call.pass(200);
    call.sound();
    call.pass(700);
    call.pass(300);
    expect(cut(call)).toBe(upTo('five'));
    expect(call.metrics()).toMatchObject({ heardMs: 1100, pauses: 2 });
  });
});

describe('the playback clock', () => {
  it('[H1] runs from the moment the audio was sent, and no further than it', () => {
    const clock = new PlaybackClock();
    expect(clock.heardMs(5000)).toBe(0);
    clock.sent(500, 5000);
    expect([5000, 5200, 5500, 9000].map((now) => clock.heardMs(now))).toEqual([0, 200, 500, 500]);
    expect(clock.endsAt).toBe(5500);
  });

  it('[H1] queues audio that is sent before the former has sounded', () => {
    const clock = new PlaybackClock();
    clock.sent(500, 0);
    clock.sent(500, 100);
    expect(clock.endsAt).toBe(1000);
    expect(clock.heardMs(700)).toBe(700);
  });

  it('[H1] stands still in a gap', () => {
    const clock = new PlaybackClock();
    clock.sent(500, 0);
    expect([500, 1000, 2000].map((now) => clock.heardMs(now))).toEqual([500, 500, 500]);
    clock.sent(500, 2000);
    expect([2000, 2100, 2500].map((now) => clock.heardMs(now))).toEqual([500, 600, 1000]);
  });

  it('[H3] after an end it moves for nothing but a report', () => {
    const clock = new PlaybackClock();
    clock.sent(1000, 0);
    clock.reported(300, true, 400);
    expect(clock.ended).toBe(true);
    expect(clock.heardMs(5000)).toBe(300);
  });

  it('[H3] audio that is sent while a reporting listener is paused is heard after the pause', () => {
    const clock = new PlaybackClock();
    clock.sent(500, 0);
    clock.reported(100, false, 100);
    clock.pause(200);
    clock.sent(500, 400);
    expect(clock.heardMs(800)).toBe(200);
    clock.resume(900);
    expect(clock.endsAt).toBe(1700);
    expect(clock.heardMs(1000)).toBe(300);
  });
});
