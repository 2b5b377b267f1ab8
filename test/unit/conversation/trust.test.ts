import { describe, expect, it } from 'vitest';
import { COUNTING, Scene } from '../../support/scene.ts';

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

describe('trust in sounds', () => {
  const LONG = `${COUNTING.slice(0, -1)} ${COUNTING.toLowerCase().slice(0, -1)} ${COUNTING.toLowerCase()}`;

  /** A long reply, and two sounds in it that were nothing. */
  function distrustful(): Scene {
    const call = new Scene().opened().answering(LONG);
    call.pass(500);
    noise(call);
    noise(call);
    return call;
  }

  it('[B9] the third sound that could be nothing does not pause the agent', () => {
    const call = distrustful();
    noise(call);
    expect(floor(call)).toEqual([
      '500 response.pause',
      '1200 response.resume',
      '1200 response.pause',
      '1900 response.resume',
    ]);
  });

  it('[B9] it holds for the whole call, not for one reply', () => {
    const call = distrustful();
    call.done();
    call.pass(10_000);
    call.answering();
    call.pass(300);
    noise(call);
    expect(floor(call)).toEqual([]);
  });

  it('[B9] words that may become either still pause it', () => {
    const call = distrustful();
    call.pass(100);
    call.interim('so');
    expect(floor(call).at(-1)).toBe('2000 response.pause');
  });

  it('[B9] a sound that was an interruption restores the trust', () => {
    const call = distrustful();
    call.sound();
    call.pass(300);
    call.interim('how much is it');
    call.final('How much is it?');
    call.answer(LONG);
    call.mark();
    call.speak();
    call.pass(500);
    noise(call);
    expect(floor(call)).toEqual(['500 response.pause', '1200 response.resume']);
  });

  it('[B9] a sound that was a backchannel restores it, too', () => {
    const call = distrustful();
    call.sound();
    call.pass(200);
    call.interim('uh-huh');
    call.final('Uh-huh.');
    call.pass(100);
    call.mark();
    noise(call);
    expect(floor(call)).toEqual(['0 response.pause', '700 response.resume']);
  });

  it('[B9] the echo of the agent counts as nothing', () => {
    const call = new Scene().opened().answering(`${PITCH} ${PITCH}`);
    call.pass(1000);
    for (let i = 0; i < 3; i++) {
      call.sound();
      call.interim('help small teams');
    }
    expect(floor(call)).toEqual([
      '1000 response.pause',
      '1000 response.resume',
      '1000 response.pause',
      '1000 response.resume',
    ]);
  });

  it('[B9] one false alarm and one sound that was something leave the agent attentive', () => {
    const call = new Scene().opened().answering(LONG);
    call.pass(500);
    noise(call);
    call.sound();
    call.interim('uh-huh');
    call.final('Uh-huh.');
    noise(call);
    call.mark();
    noise(call);
    expect(floor(call)).toEqual(['0 response.pause', '700 response.resume']);
  });
});
