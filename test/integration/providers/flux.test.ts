import { describe, expect, it } from 'vitest';
import { loud, quiet } from '../../support/client.ts';
import { ANSWER, QUESTION, Rig, reply, speak, transcript } from './rig.ts';

const rig = new Rig({ DEEPGRAM_MODEL: 'flux-general-en', DEEPGRAM_EOT_THRESHOLD: '0.8' });

/** 80 ms of 16-bit samples. */
const FRAME_BYTES = 80 * 32;

describe('Flux as the recogniser of a call', () => {
  it('hears several turns on one connection', async () => {
    rig.play({ recogniser: { utterances: ['One?', 'Two?'].map((text) => ({ text })) } });
    const client = await rig.call({ samplingRate: 16_000, language: 'en-GB' });
    for (const text of ['One?', 'Two?']) {
      const from = speak(client);
      await client.next('voicechat.transcript.interim', from);
      expect(await transcript(client, from)).toBe(text);
      expect((await reply(client, from)).text).toBe(ANSWER);
      await client.next('voicechat.turn.metrics', from);
    }
    expect(rig.query('deepgram')).toEqual({
      model: 'flux-general-en',
      encoding: 'linear16',
      sample_rate: '16000',
      eot_threshold: '0.8',
      eager_eot_threshold: '0.5',
      eot_timeout_ms: '5000',
    });
    expect(rig.entries('deepgram', 'open')).toHaveLength(1);
    client.send('voicechat.call.end');
    await client.end();
    expect(rig.providers.log.frames('deepgram')).toEqual([{ type: 'CloseStream' }]);
  });

  it.each([5, 20, 30, 1000])('is sent frames of 80 ms when the caller sends %i ms', async (ms) => {
    const client = await rig.call();
    client.audio(quiet(1600), 16_000, ms);
    const bytes = () => rig.entries('deepgram', 'audio').reduce((sum, entry) => sum + entry.bytes, 0);
    await rig.entry('deepgram', 'audio', () => bytes() >= 1600 * 32);
    for (const entry of rig.entries('deepgram', 'audio'))
      expect(entry.bytes).toBe(entry.frames * FRAME_BYTES);
  });

  it.each([
    [44_100, '44100'],
    [22_050, '16000'],
  ])('hears %i Hz at %s Hz', async (samplingRate, listening) => {
    const client = await rig.call({ samplingRate });
    const from = speak(client, samplingRate);
    expect(await transcript(client, from)).toBe(QUESTION);
    expect(rig.query('deepgram')['sample_rate']).toBe(listening);
  });

  it('is told when the caller ends the turn by hand', async () => {
    rig.play({ recogniser: { utterances: [{ text: QUESTION }], finalDelayMs: 60_000 } });
    const client = await rig.call();
    const from = client.frames.length;
    client.audio(loud(600));
    client.send('voicechat.audio.end');
    expect(await transcript(client, from)).toBe(QUESTION);
    expect(rig.providers.log.frames('deepgram')).toEqual([{ type: 'ForceEndTurn' }]);
  });

  it('answers a hand-ended turn without words with nothing, and goes on', async () => {
    const client = await rig.call();
    client.send('voicechat.audio.end');
    await rig.entry('deepgram', 'text');
    const from = speak(client);
    expect(await transcript(client, from)).toBe(QUESTION);
  });

  it.each([
    { kind: 'error', code: 'INTERNAL_SERVER_ERROR' },
    { kind: 'close', code: 1011 },
    { kind: 'drop' },
  ] as const)('is opened anew without a word to the caller: %j', async (fault) => {
    const client = await rig.call();
    rig.providers.strike({ provider: 'deepgram', ...fault });
    await rig.entry('deepgram', 'open', () => rig.entries('deepgram', 'open').length === 2);
    const from = speak(client);
    expect(await transcript(client, from)).toBe(QUESTION);
    expect(client.all('voicechat.error')).toEqual([]);
  });
});
