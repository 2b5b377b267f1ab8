import { describe, expect, it } from 'vitest';
import { Scene } from '../../support/scene.ts';

const BUSY = 'We have about';

/** A whole exchange; returns how long after the last word the turn was over, in ms. */
function exchange(call: Scene, text: string): number {
  const endedAt = call.utter(text);
  call.pass(900);
  const overMs = call.sentTimes('voicechat.transcript.final', endedAt).at(-1) ?? Number.NaN;
  call.answer('That is good to know.');
  call.voice();
  call.pass(5000);
  return overMs;
}

/** The caller pauses for 600 ms in the middle of a turn, which the agent takes for its end. */
function pausing(call: Scene): void {
  call.utter('We tried that.');
  call.goOn(600, 'But it did not help us.');
  call.pass(900);
  call.answer('That is good to know.');
  call.voice();
  call.pass(5000);
}

describe('the end of a turn', () => {
  it('[T9] a short answer is taken 200 ms after its last word', () => {
    const call = new Scene().opened().asking('Is that right for you?');
    const endedAt = call.utter('Yes.', { ms: 200 });
    call.hush(1000);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([200]);
    expect(call.times('model.ask', endedAt)).toEqual([100]);
    expect(call.shown().at(-1)).toBe('user: Yes.');
  });

  it('[T9] what the recogniser waited counts: 300 ms after the last word the turn is over at once', () => {
    const call = new Scene().opened();
    const endedAt = call.utter('How much is it?', { finalMs: 300 });
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([300]);
  });

  it.each([400, 800])(
    '[T10] a pause of %i ms in the middle of a sentence does not end the turn',
    (pauseMs) => {
      const call = new Scene().opened();
      call.utter(BUSY);
      const endedAt = call.goOn(pauseMs, 'ten people.');
      call.hush(1000);
      expect(call.turns()).toEqual([`${BUSY} ten people.`]);
      const [overMs = Number.NaN] = call.sentTimes('voicechat.transcript.final', endedAt);
      expect(overMs).toBeGreaterThanOrEqual(200);
      expect(overMs).toBeLessThan(600);
      expect(call.shown().at(-1)).toBe(`user: ${BUSY} ten people.`);
      expect(call.states()).toEqual(['thinking']);
    },
  );

  it('[T10] a pause of 1500 ms ends it after 1200, and the words are still answered together', () => {
    const call = new Scene().opened();
    const pausedAt = call.utter(BUSY);
    call.goOn(1500, 'ten people.');
    call.hush(1000);
    expect(call.sentTimes('voicechat.transcript.final', pausedAt)[0]).toBe(1200);
    expect(call.turns()).toEqual([BUSY, `${BUSY} ten people.`]);
    expect(new Set(call.sent('voicechat.transcript.final').map(({ turnId }) => turnId)).size).toBe(1);
    expect(call.shown().at(-1)).toBe(`user: ${BUSY} ten people.`);
    expect(call.sent('voicechat.response.start')).toEqual([]);
  });

  it.each(['We use paper and', 'My number is', 'So, um...', 'I would go with the'])(
    '[T10] "%s" is given 1200 ms',
    (words) => {
      const call = new Scene().opened();
      const endedAt = call.utter(words);
      call.hush(2000);
      expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([1200]);
    },
  );

  it('[T11] a phone number in groups, 1.2 s apart, is one turn, over 600 ms after its last digit', () => {
    const call = new Scene().opened().asking('What is the best number to reach you?');
    call.utter('Five five five');
    call.goOn(1200, 'one two three');
    const endedAt = call.goOn(1200, 'four five six seven');
    call.hush(2000);
    expect(call.turns()).toEqual(['Five five five one two three four five six seven']);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([600]);
    expect(call.shown().at(-1)).toBe('user: Five five five one two three four five six seven');
    expect(call.sent('voicechat.response.start')).toEqual([]);
  });

  it('[T11] digits that stay too few are taken after 1500 ms', () => {
    const call = new Scene().opened().asking('What is the best number to reach you?');
    const endedAt = call.utter('Five five five');
    call.hush(3000);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([1500]);
  });

  it('[T11] an e-mail address in parts, 1.2 s apart, is one turn, and over at once when it ends', () => {
    const call = new Scene().opened().asking('What is your email address?');
    call.utter('It is j o r d');
    call.goOn(1200, 'at acme');
    const endedAt = call.goOn(1200, 'dot com');
    call.hush(2000);
    expect(call.turns()).toEqual(['It is j o r d at acme dot com']);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([200]);
  });

  it.each([
    ['Tuesday.', 700],
    ['Tuesday at ten.', 200],
  ])('[T11] asked for a time, "%s" is over after %i ms', (words, ms) => {
    const call = new Scene().opened().asking('Which day works for you?');
    const endedAt = call.utter(words);
    call.hush(2000);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([ms]);
  });

  it.each([
    ['It is five five five', 1500],
    ['It is five five five one two three four', 600],
  ])('[T11] unasked, "%s" is over after %i ms', (words, ms) => {
    const call = new Scene().opened();
    const endedAt = call.utter(words);
    call.hush(2000);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([ms]);
  });

  it('[T12] comes later for a caller who pauses, never after more than 800 ms, and step by step earlier again', () => {
    const call = new Scene().opened();
    const before = exchange(call, 'It is all fine.');
    pausing(call);
    const once = exchange(call, 'It is all fine.');
    for (let i = 0; i < 12; i++) pausing(call);
    const often = exchange(call, 'It is all fine.');
    const after = Array.from({ length: 8 }, () => exchange(call, 'It is all fine.'));
    expect(before).toBe(200);
    expect(once).toBeGreaterThan(200);
    expect(often).toBeGreaterThan(600);
    expect(often).toBeLessThanOrEqual(800);
    expect(after.every((ms, i) => ms < (after[i - 1] ?? often) || ms === 200)).toBe(true);
    expect(after.at(-1)).toBe(200);
  });

  it('[T12] does not come later because a number was dictated: its gaps could not have ended a turn', () => {
    const call = new Scene().opened().asking('What is the best number to reach you?');
    call.utter('Five five five');
    call.goOn(1200, 'one two three');
    call.goOn(1200, 'four five six seven');
    call.hush(900);
    call.answer('I have written it down.');
    call.voice();
    call.pass(5000);
    expect(exchange(call, 'It is all fine.')).toBe(200);
  });

  it('[T13] is put off by a sound for 700 ms, and no longer when no words follow', () => {
    const call = new Scene().opened();
    const endedAt = call.utter('How much is it?');
    call.hush(60);
    call.on({ type: 'recogniser.speech' });
    call.hush(2000);
    expect(call.sentTimes('voicechat.transcript.final', endedAt)).toEqual([860]);
  });

  it('[T13] that a sound has put off is forgotten when words follow', () => {
    const call = new Scene().opened();
    call.utter('How much is it?');
    call.hush(60);
    call.on({ type: 'recogniser.speech' });
    const endedAt = call.utter('For ten people?');
    call.hush(2000);
    expect(call.turns()).toEqual(['How much is it? For ten people?']);
    const [overMs = Number.NaN] = call.sentTimes('voicechat.transcript.final', endedAt);
    expect(overMs).toBeGreaterThanOrEqual(200);
    expect(overMs).toBeLessThan(600);
  });

  it('[T9] is never put off for more than 4 s after the recogniser told it, however many sounds there are', () => {
    const call = new Scene().opened();
    const endedAt = call.utter('How much is it?', { finalMs: 100 });
    for (let i = 0; i < 20; i++) {
      call.on({ type: 'recogniser.speech' });
      call.hush(500);
    }
    const [overMs = Number.POSITIVE_INFINITY] = call.sentTimes('voicechat.transcript.final', endedAt);
    expect(overMs).toBeLessThanOrEqual(4100);
  });
});

describe('a turn that is probably over, and whose reply is ready', () => {
  /** The caller's last word was 100 ms ago. */
  function ready(): Scene {
    const call = new Scene().opened();
    call.talk(600);
    call.hush(100);
    call.eager('how much is it');
    call.answer('It is ten dollars a month.');
    call.voice();
    return call;
  }

  it('[S2] is answered at the very ms at which it is ended by hand', () => {
    const call = ready();
    call.on({ type: 'caller.turn-end' });
    call.hush(40);
    const from = call.now;
    call.on({ type: 'recogniser.final', text: 'How much is it?', endMs: 600 });
    expect(call.asked()).toHaveLength(1);
    expect(call.sentTimes('voicechat.response.start', from)).toEqual([0]);
  });

  it('[T8] and never ended by the recogniser is over after 4 s, and is answered then', () => {
    const call = ready();
    const from = call.now;
    call.hush(5000);
    expect(call.asked()).toHaveLength(1);
    expect(call.sentTimes('voicechat.transcript.final', from)).toEqual([4000]);
    expect(call.sentTimes('voicechat.response.start', from)).toEqual([4000]);
    call.on({ type: 'recogniser.final', text: 'How much is it?', endMs: 600 });
    expect(call.turns()).toEqual(['how much is it']);
  });
});
