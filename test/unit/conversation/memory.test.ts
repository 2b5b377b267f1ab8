import { describe, expect, it } from 'vitest';
import { COUNTING, LINES, Scene } from '../../support/scene.ts';

describe('a call whose object died', () => {
  it('[C10] knows what was said, when it must end, and what it learnt', () => {
    const pace = { speculation: true, idlePromptMs: 1e9, maxCallMs: 100_000 };
    const call = new Scene({ pace }).opened().answering();
    call.done();
    call.pass(5000);
    const later = call.reborn({ pace });
    later.back();
    start(later);
    later.say('And then?');
    expect(later.shown()).toEqual([
      `assistant: ${LINES.greeting}`,
      'user: How does it work?',
      `assistant: ${COUNTING}`,
      'user: And then?',
    ]);
    expect(later.said()).toEqual([LINES.backAgain]);
    later.pass(100_000);
    expect(later.sentTimes('voicechat.call.warning', call.now)).toEqual([40_000]);
    later.on({ type: 'caller.hang-up' });
    expect(later.sent('voicechat.call.ended')[0]?.latency.turns).toBeGreaterThan(0);
  });

  it('[C10] answers the turn that was being answered, after a line about the break', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    const later = call.reborn();
    later.back();
    later.pass(500);
    expect(later.shown().at(-1)).toBe('user: How does it work?');
    later.answer('Well.');
    expect(later.said()).toEqual([LINES.backAgain, 'Well.']);
  });

  it('[C10] answers turns that were over while the caller was away', () => {
    const call = new Scene().opened();
    call.lose();
    call.say('How does it work?');
    const later = call.reborn();
    expect(later.asked()).toEqual([]);
    later.back();
    expect(later.shown().at(-1)).toBe('user: How does it work?');
    expect(later.said()).toEqual([LINES.backAgain]);
  });

  it('[C10] says again what was not heard of a reply that had been sent whole', () => {
    const call = new Scene().opened().answering();
    call.done();
    const later = call.reborn();
    const utteranceId = call.latestUtteranceId;
    later.on({ type: 'caller.returned' });
    later.on({ type: 'caller.playback', utteranceId, playedMs: 1225, receivedMs: 2450, ended: false });
    expect(later.sent('voicechat.response.interrupt')).toMatchObject([{ utteranceId }]);
    expect(later.said()).toEqual([LINES.backAgain, 'six seven eight nine ten.']);
    later.voice();
    later.pass(10_000);
    start(later);
    later.say('Go on');
    expect(later.shown().at(-2)).toBe(
      `assistant: One two three four five (interrupted) ${LINES.backAgain} six seven eight nine ten.`,
    );
  });

  it('[C10] takes a reply that had been sent whole for heard when the client does not tell', () => {
    const call = new Scene().opened().answering();
    call.done();
    const later = call.reborn();
    later.back();
    later.pass(500);
    start(later);
    later.say('Go on');
    expect(later.shown().at(-2)).toBe(`assistant: ${COUNTING}`);
    expect(later.sent('voicechat.response.interrupt')).toEqual([]);
  });

  it('[C10] keeps the end that a reply was to bring', () => {
    const call = new Scene().opened();
    call.say('Take me off your list.');
    const later = call.reborn();
    later.back();
    later.pass(500);
    expect(later.said()).toEqual([LINES.backAgain, 'You are off our list.', 'Goodbye.']);
    later.voice();
    later.pass(10_000);
    expect(later.sent('voicechat.call.ended')).toMatchObject([
      { reason: 'agent_ended', outcome: 'opted-out' },
    ]);
  });

  it('[C10] is over when nobody comes back, with the outcome so far', () => {
    const call = new Scene().opened();
    call.say('Take me off your list.');
    const later = call.reborn();
    later.pass(60_000);
    expect(later.sent('voicechat.call.ended')).toMatchObject([{ reason: 'abandoned', outcome: 'opted-out' }]);
  });

  it('[C10] counts the grace from the loss, not from the return of the object', () => {
    const call = new Scene().opened();
    call.lose();
    call.pass(40_000);
    const later = call.reborn();
    later.pass(20_000);
    expect(later.conversation.ended).toBe(true);
  });

  it('[C10] is remembered at boundaries only: nothing is, while audio comes and goes', () => {
    const call = new Scene().opened();
    call.say('How does it work?');
    const { memory } = call;
    const greetingMs = call.sentAudioMs();
    call.on({ type: 'model.text', ask: call.replyNumber(), text: COUNTING });
    call.talk(200);
    call.speak();
    call.report(100);
    expect(call.memory).toBe(memory);
    call.answer('');
    call.done();
    expect(call.memory).not.toBe(memory);
    expect(call.memory?.reply).toMatchObject({ text: COUNTING, sentMs: call.sentAudioMs() - greetingMs });
  });
});

/** The client that is back tells of its microphone, as it did before. */
function start(call: Scene): void {
  call.on({ type: 'caller.start', samplingRate: 16_000, language: 'en-US' });
  call.on({ type: 'recogniser.open' });
}
