import { describe, expect, it } from 'vitest';
import { durationMs } from '../../../src/audio/pcm.ts';
import { alignment, CHARACTER_MS, Scene, tone, VOICE_RATE } from '../../support/scene.ts';

const AHEAD_MS = 5000;
/** A chunk is at most 16,000 bytes. */
const CHUNK_MS = 500;
const SENTENCE = 'This one sentence is just as long as forty-nine is.';
const SENTENCE_MS = SENTENCE.length * CHARACTER_MS;
/** Eight sentences of 2550 ms. */
const STORY = Array.from({ length: 8 }, () => SENTENCE).join(' ');

function told(text = STORY): Scene {
  const call = new Scene({ pace: { audioAheadMs: AHEAD_MS } }).opened();
  call.say('Tell me everything.');
  call.answer(text);
  call.mark();
  call.voice();
  return call;
}

/** All audio that was sent, and how much of it when, in ms since `from`. */
function sentBy(call: Scene, from: number): readonly (readonly [at: number, ms: number])[] {
  let ms = 0;
  return call.commands.flatMap(({ at, command }) => {
    if (command.type !== 'send' || command.event !== 'voicechat.response.chunk') return [];
    ms += durationMs(command.payload.audio.byteLength, VOICE_RATE);
    return [[at - from, ms] as const];
  });
}

describe('audio that leaves ahead of the ear', () => {
  it('[P1] is never more than the allowed time ahead of a listener who does not report, and never late', () => {
    const call = told();
    const from = call.now;
    expect(call.sentAudioMs()).toBeGreaterThanOrEqual(AHEAD_MS);
    call.pass(60_000);
    const sent = sentBy(call, from);
    for (const [at, ms] of sent) expect(ms - at).toBeLessThanOrEqual(AHEAD_MS + CHUNK_MS);
    for (const [i, [at]] of sent.entries()) {
      const before = sent[i - 1]?.[1] ?? 0;
      expect(before, 'the listener never runs dry').toBeGreaterThanOrEqual(at);
    }
    expect(call.sentAudioMs()).toBe(STORY.replaceAll(/(?<=\.) /g, '').length * CHARACTER_MS);
    expect(call.metrics()).toMatchObject({ interrupted: false, wordsSaid: 80, wordsHeard: 80 });
  });

  it('[P1] follows the reports of a listener who plays late', () => {
    const call = told();
    for (let played = 0; played < 10_000; played += 200) {
      call.report(played);
      call.pass(400);
      expect(call.sentAudioMs() - played).toBeLessThanOrEqual(AHEAD_MS + 1000 + CHUNK_MS);
    }
  });

  it('[P2] waits for a listener who has fallen silent, and then goes by the clock', () => {
    const call = told();
    call.pass(500);
    call.report(500);
    call.pass(9900);
    expect(call.sentAudioMs()).toBeLessThanOrEqual(500 + 1000 + AHEAD_MS + CHUNK_MS);
    call.pass(60_000);
    expect(call.events().at(-2)).toBe('response.complete');
    expect(call.metrics()).toMatchObject({ interrupted: false });
  });

  it('[P1] stands still while the agent is paused, and goes on', () => {
    const call = told();
    call.pass(1000);
    call.report(1000);
    call.sound();
    const before = call.sentAudioMs();
    call.pass(690);
    expect(call.sentAudioMs()).toBe(before);
    call.pass(15);
    expect(call.events().at(-1), 'it has just gone on').toBe('response.resume');
    call.pass(5);
    expect(call.sentAudioMs()).toBe(before);
    call.pass(30_000);
    expect(call.metrics()).toMatchObject({ verdict: 'noise', interrupted: false, wordsHeard: 80 });
  });

  it('[P3] ends with the end of the reply, behind the last of its audio', () => {
    const call = told();
    expect(call.events()).not.toContain('response.complete');
    call.pass(60_000);
    expect(call.events().filter((event) => event === 'response.complete')).toHaveLength(1);
    expect(call.events().at(-2)).toBe('response.complete');
  });

  it('[P3] that was never sent was never said: an interruption forgets it', () => {
    const call = told();
    call.pass(SENTENCE_MS);
    call.interim('stop');
    expect(call.events().at(-1)).toBe('response.interrupt');
    const sent = call.sentAudioMs();
    call.pass(60_000);
    expect(call.sentAudioMs()).toBe(sent);
    expect(call.sent('voicechat.turn.metrics')[0]).toMatchObject({ interrupted: true, wordsHeard: 10 });
  });

  it('[P4] text is sent with the first of its audio, not when the synthesiser has made it', () => {
    const call = told();
    const from = call.now;
    call.pass(60_000);
    const texts = call.sentTimes('voicechat.response.text', from);
    expect(texts).toHaveLength(8);
    expect(texts[7]).toBeGreaterThan(7 * SENTENCE_MS - AHEAD_MS - CHUNK_MS);
  });
});

describe('pieces that may never be wanted', () => {
  it('[P5] are given to the synthesiser only when less than 8 s is ahead of the listener', () => {
    const call = told();
    const from = call.now;
    call.pass(60_000);
    const given = call.times('voice.say', from).filter((at) => at >= 0);
    expect(given).toHaveLength(8);
    expect(given.filter((at) => at === 0).length).toBeLessThanOrEqual(4);
    expect(given.at(-1)).toBeGreaterThan(6 * SENTENCE_MS - 8000);
    expect(call.times('voice.finish', from)).toEqual([given.at(-1)]);
  });

  it('[P5] are never given after an interruption', () => {
    const call = told();
    const reply = call.replyNumber();
    call.pass(1000);
    call.interim('stop');
    const given = call.said(reply).length;
    call.pass(60_000);
    expect(call.said(reply)).toHaveLength(given);
    expect(given).toBeLessThan(8);
  });

  it('[P6] a synthesiser that sends audio without end is given up', () => {
    const call = told('It costs ten dollars a month.');
    const reply = call.replyNumber();
    call.say('And what is in it?');
    call.on({ type: 'model.text', reply: call.replyNumber(), text: 'Everything is in it. ' });
    expect(call.replyNumber()).not.toBe(reply);
    for (let i = 0; i < 200; i++)
      call.on({
        type: 'voice.audio',
        reply: call.replyNumber(),
        pcm: tone(1000),
        alignment: i === 0 ? alignment('Everything is in it.') : undefined,
      });
    expect(call.sent('voicechat.error').map(({ code }) => code)).toEqual(['synthesiser_unavailable']);
    expect(call.all('voice.cancel').at(-1)?.reply).toBe(call.replyNumber());
  });
});
