import { describe, expect, it } from 'vitest';
import { durationMs } from '../../../src/audio/pcm.ts';
import { broken, Scene } from '../../support/scene.ts';

/** The connection is lost, and the next one opens after so long; returns what that is given. */
function reopen(call: Scene, afterMs = 0) {
  call.on({ type: 'recogniser.failed', failure: broken });
  call.hush(afterMs);
  call.pass(0);
  const [begin, ...rest] = call.on({ type: 'recogniser.open' });
  if (begin?.type !== 'recogniser.begin') throw new Error('nothing begins');
  const audio = rest.flatMap((command) => (command.type === 'recogniser.audio' ? [command.pcm] : []));
  const bytes = Buffer.concat(audio);
  return { ...begin, bytes, ms: durationMs(bytes.byteLength, 16_000), rest };
}

describe('what a recogniser is given that is opened again', () => {
  it('[F10] begins half a second before the end of the last final word, with what was said meanwhile', () => {
    const call = new Scene().opened();
    call.utter('How much is it?', { ms: 1000 });
    call.talk(700);
    const given = reopen(call, 300);
    expect(given).toMatchObject({ offsetMs: 500, ms: 1600 });
    expect(given.heard).toEqual({ untilMs: 1000, exact: true, words: 'How much is it?' });
    const sent = Buffer.concat(call.all('recogniser.audio').map(({ pcm }) => pcm));
    const bytesOf = (ms: number) => ms * 32;
    expect(given.bytes.subarray(0, bytesOf(400)).equals(sent.subarray(bytesOf(500), bytesOf(900)))).toBe(
      true,
    );
  });

  it('[F10] is only the last second of a silence that was listened to', () => {
    const call = new Scene().opened();
    call.utter('How much is it?');
    call.hush(20_000);
    call.on({ type: 'recogniser.listened', untilMs: call.audioMs - 200 });
    const given = reopen(call);
    expect(given).toMatchObject({ ms: 1200, heard: undefined });
  });

  it('[F10] is given again when that connection is lost as well', () => {
    const call = new Scene().opened();
    call.talk(700);
    expect(reopen(call).ms).toBe(700);
    expect(reopen(call, 300).ms).toBe(1000);
  });

  it('[F10] is at most 16 s, and at the place in the call where it was', () => {
    const call = new Scene().opened();
    call.talk(30_000);
    expect(reopen(call)).toMatchObject({ offsetMs: 14_000, ms: 16_000 });
  });

  it('[F10] begins behind the segments of a long turn that are final, and these stand', () => {
    const call = new Scene().opened();
    call.talk(4000);
    call.on({ type: 'recogniser.segment', text: 'I would like to know', endMs: 3500 });
    call.on({ type: 'recogniser.interim', text: 'I would like to know what', endMs: 3900 });
    const given = reopen(call, 200);
    expect(given.offsetMs).toBe(3000);
    expect(given.heard).toEqual({ untilMs: 3500, exact: true, words: 'I would like to know' });
    call.on({ type: 'recogniser.interim', text: 'what it', endMs: 4100 });
    expect(call.sent('voicechat.transcript.interim').at(-1)?.text).toBe('I would like to know what it');
    call.on({ type: 'recogniser.final', text: 'what it costs.', endMs: 4200 });
    call.hush(1000);
    expect(call.turns()).toEqual(['I would like to know what it costs.']);
    expect(call.asked()).toHaveLength(1);
  });

  it('[F10] holds all words of a turn of which nothing was final', () => {
    const call = new Scene().opened();
    call.talk(1000);
    call.on({ type: 'recogniser.interim', text: 'how much', endMs: 900 });
    expect(reopen(call, 200)).toMatchObject({ offsetMs: 0, heard: undefined });
    call.on({ type: 'recogniser.interim', text: 'how much is it', endMs: 1100 });
    call.on({ type: 'recogniser.final', text: 'How much is it?', endMs: 1100 });
    call.hush(1000);
    expect(call.turns()).toEqual(['How much is it?']);
  });
});

describe('words that are heard late', () => {
  it('[T8] are waited for when the recogniser is back and has much to catch up with', () => {
    const call = new Scene().opened();
    call.talk(1000);
    call.on({ type: 'recogniser.interim', text: 'how much', endMs: 900 });
    call.talk(3500);
    const backAt = call.now;
    expect(reopen(call).ms).toBe(4500);
    call.hush(5900);
    expect(call.turns()).toEqual([]);
    call.hush(200);
    // 2 s leave at once, 2.5 s at 1.25 times real time; then the usual 4 s.
    expect(call.sentTimes('voicechat.transcript.final', backAt)).toEqual([6000]);
  });

  it('[T8] [F11] are not answered twice when the turn was over before the recogniser was back', () => {
    const call = new Scene().opened();
    call.talk(1000);
    call.on({ type: 'recogniser.interim', text: 'how much is it', endMs: 900 });
    call.on({ type: 'recogniser.failed', failure: broken });
    call.pass(0);
    call.hush(5900);
    expect(call.turns(), 'a handshake in vain takes 5 s').toEqual([]);
    call.hush(100);
    expect(call.turns()).toEqual(['how much is it']);
    const begin = call.on({ type: 'recogniser.open' })[0];
    expect(begin).toEqual({
      type: 'recogniser.begin',
      offsetMs: 400,
      heard: { untilMs: 900, exact: true, words: 'how much is it' },
    });
    call.on({ type: 'recogniser.final', text: 'How much is it?', endMs: 900 });
    call.hush(1000);
    expect(call.asked()).toHaveLength(1);
    call.on({ type: 'recogniser.final', text: 'for a month?', endMs: 1500 });
    call.hush(1000);
    expect(call.shown().at(-1)).toContain('for a month?');
  });

  it('[T5] are waited for when the turn was ended by hand while they were on their way', () => {
    const call = new Scene().opened();
    call.talk(7000);
    reopen(call);
    call.mark();
    call.on({ type: 'caller.turn-end' });
    call.pass(4900);
    call.on({ type: 'recogniser.final', text: 'How much is it?', endMs: 6900 });
    expect(call.turns()).toEqual(['How much is it?']);
  });

  it('[F10] are waited for as if they were spoken now: nobody knows what the caller has said since', () => {
    const call = new Scene().opened();
    call.talk(6000);
    reopen(call);
    const finalAt = call.now;
    call.on({ type: 'recogniser.final', text: 'My number is', endMs: 2000 });
    call.pass(800);
    expect(call.turns()).toEqual([]);
    call.pass(200);
    expect(call.sentTimes('voicechat.transcript.final', finalAt)).toEqual([900]);
  });
});
