import { describe, expect, it } from 'vitest';
import { loud, quiet } from '../../support/client.ts';
import { ANSWER, QUESTION, Rig, reply, speak, transcript, trouble, type } from './rig.ts';

const rig = new Rig();
/** The silence a connection begins with. */
const OPENING_BYTES = 160 * 32;

const audioBytes = () => rig.entries('deepgram', 'audio').reduce((sum, { bytes }) => sum + bytes, 0);
const controls = () => rig.providers.log.frames('deepgram');

describe('the recogniser of a call', () => {
  it('hears several turns on one connection, and is told goodbye', async () => {
    rig.play({ recogniser: { utterances: ['One?', 'Two?', 'Three?'].map((text) => ({ text })) } });
    const client = await rig.call();
    for (const text of ['One?', 'Two?', 'Three?']) {
      const from = speak(client);
      const interim = await client.next('voicechat.transcript.interim', from);
      expect(await transcript(client, from)).toBe(text);
      expect(interim.payload['text']).toBe(text);
      expect((await reply(client, from)).text).toBe(ANSWER);
      await client.next('voicechat.turn.metrics', from);
    }
    client.send('voicechat.call.end');
    await client.end();
    const close = await rig.entry('deepgram', 'close');
    expect(close.code).toBe(1000);
    expect(controls()).toEqual([{ type: 'CloseStream' }]);
    expect(rig.entries('deepgram', 'open')).toHaveLength(1);
  });

  it.each([8000, 44_100, 48_000])('is sent audio of %i Hz as it is', async (samplingRate) => {
    const client = await rig.call({ samplingRate, language: 'de-CH' });
    const from = speak(client, samplingRate);
    expect(await transcript(client, from)).toBe(QUESTION);
    expect(rig.query('deepgram')).toEqual({
      model: 'nova-3',
      language: 'de-CH',
      encoding: 'linear16',
      sample_rate: String(samplingRate),
      channels: '1',
      interim_results: 'true',
      endpointing: '300',
      utterance_end_ms: '1000',
      vad_events: 'true',
      smart_format: 'true',
      no_delay: 'true',
    });
  });

  it.each([5, 20, 100, 1000])('is sent frames of 20 to 250 ms when the caller sends %i ms', async (ms) => {
    const client = await rig.call();
    client.audio(loud(1000), 16_000, ms);
    await rig.entry('deepgram', 'audio', () => audioBytes() === OPENING_BYTES + 1000 * 32);
    for (const { bytes, frames } of rig.entries('deepgram', 'audio')) {
      expect(bytes / 32 / frames).toBeGreaterThanOrEqual(20);
      expect(bytes / 32 / frames).toBeLessThanOrEqual(250);
    }
  });

  it('is asked for the final words when the caller ends the turn by hand', async () => {
    rig.play({ recogniser: { utterances: [{ text: QUESTION }], finalDelayMs: 60_000 } });
    const client = await rig.call();
    const from = client.frames.length;
    client.audio(loud(600));
    client.send('voicechat.audio.end');
    expect(await transcript(client, from)).toBe(QUESTION);
    expect(controls()).toEqual([{ type: 'Finalize' }]);
    expect((await reply(client, from)).text).toBe(ANSWER);
  });

  it('does not hear what is muted', async () => {
    const client = await rig.call();
    for (let i = 0; i < 10; i++) client.send('voicechat.audio.chunk', { audio: loud(100), isMuted: true });
    client.audio(quiet(100));
    await rig.entry('deepgram', 'audio', () => audioBytes() === OPENING_BYTES + 100 * 32);
    expect(client.all('voicechat.transcript.interim')).toEqual([]);
    expect(client.all('voicechat.transcript.final')).toEqual([]);
  });
});

describe('a late or lost recogniser', () => {
  it('gets the words that were spoken while its handshake took long, in order', async () => {
    rig.play({
      recogniser: {
        utterances: [{ text: 'one two three four' }],
        wordMs: 250,
        finalDelayMs: 200,
        interimEveryFrames: 1,
      },
      faults: [{ provider: 'deepgram', kind: 'delay', ms: 400 }],
    });
    const client = await rig.connect();
    await client.start();
    client.audio(loud(1000), 16_000, 50);
    client.send('voicechat.audio.end');
    expect(await transcript(client, 0)).toBe('one two three four');
    const interims = client.all('voicechat.transcript.interim').map((frame) => frame.payload['text']);
    expect(interims.length).toBeGreaterThan(1);
    expect([...interims].sort((a, b) => String(a).length - String(b).length)).toEqual(interims);
    expect(audioBytes()).toBe(OPENING_BYTES + 1000 * 32);
  });

  it.each([
    { kind: 'close', code: 1011, reason: 'See https://dpgr.am/net0001' },
    { kind: 'close', code: 1000 },
    { kind: 'drop' },
    { kind: 'garbage' },
  ] as const)('is opened anew without a word to the caller: %j', async (fault) => {
    const client = await rig.call();
    rig.providers.strike({ provider: 'deepgram', ...fault });
    await rig.entry('deepgram', 'open', () => rig.entries('deepgram', 'open').length === 2);
    const from = speak(client);
    expect(await transcript(client, from)).toBe(QUESTION);
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(client.all('voicechat.error')).toEqual([]);
  });

  it.each([429, 500, 503])('is tried again after a handshake refused with %i', async (status) => {
    rig.play({ faults: [{ provider: 'deepgram', kind: 'refuse', status }] });
    const client = await rig.call();
    const from = speak(client);
    expect(await transcript(client, from)).toBe(QUESTION);
    expect(client.all('voicechat.error')).toEqual([]);
  });

  it.each([400, 401, 402, 403])('is not tried again after %i; the caller can type', async (status) => {
    rig.play({ faults: [{ provider: 'deepgram', kind: 'refuse', status }] });
    const client = await rig.call();
    expect(await trouble(client)).toEqual({ code: 'recogniser_unavailable', retryable: false });
    const from = type(client);
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(rig.entries('deepgram', 'upgrade')).toHaveLength(1);
  });
});
