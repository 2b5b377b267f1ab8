import * as wire from '@elevenlabs/elevenlabs-js/serialization';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import type { Timings } from '../../../src/local/timings.ts';
import { Client, type Frame } from './client.ts';

const SARAH = 'EXAVITQu4vr4xnSDxMaL';
const PCM = 'model_id=eleven_flash_v2_5&output_format=pcm_16000';
const KEY = { headers: { 'xi-api-key': 'any-key' } };
const MS_PER_CHAR = 65;
const BYTES_PER_MS = 32;

let providers: Providers;
afterEach(async () => {
  vi.useRealTimers();
  await providers.close();
});

async function start(
  synthesiser: NonNullable<ScriptInput['synthesiser']> = {},
  timings: Partial<Timings> = {},
): Promise<void> {
  const script = { synthesiser: { firstAudioMs: 5, paceMs: 0, ...synthesiser } };
  const fast = { lingerMs: 5, ...timings };
  providers = await startProviders({ mode: 'scripted', script, timings: fast, warn: () => undefined });
}

function url(kind: 'stream-input' | 'multi-stream-input', query = PCM, voice = SARAH): string {
  return `${providers.url}/elevenlabs/v1/text-to-speech/${voice}/${kind}?${query}`;
}

const single = (query?: string, voice?: string) => Client.open(url('stream-input', query, voice), KEY);
const multi = (query?: string, voice?: string) => Client.open(url('multi-stream-input', query, voice), KEY);

const isAudio = (frame: Frame) => typeof frame['audio'] === 'string';
const isFinal = (frame: Frame) => frame['isFinal'] === true;
const isError = (frame: Frame) => frame['error'] !== undefined;

interface Alignment {
  chars: string[];
  charStartTimesMs: number[];
  charDurationsMs: number[];
}

const bytesOf = (frames: readonly Frame[]) =>
  frames
    .filter(isAudio)
    .reduce((sum, frame) => sum + Buffer.from(String(frame['audio']), 'base64').byteLength, 0);
const chunksOf = (frames: readonly Frame[]) =>
  frames.flatMap((frame) => (frame['alignment'] ? [(frame['alignment'] as Alignment).chars.join('')] : []));

/** Strict parse by the official schema, after deleting the nulls that the real wire sends and the schema forbids. */
function fits(schema: { parse(value: unknown): { ok: boolean } | Promise<{ ok: boolean }> }, frame: Frame) {
  return schema.parse(Object.fromEntries(Object.entries(frame).filter(([, value]) => value !== null)));
}

describe('stream-input', () => {
  it('speaks at the flush, ends once after the empty text, and closes 1000', async () => {
    await start();
    const client = await single();
    client.send({ text: ' ', voice_settings: { stability: 0.5, similarity_boost: 0.8 } });
    client.send({ text: 'Hello there. ', flush: true });
    await client.take(isAudio);
    client.send({ text: 'Bye. ' });
    client.send({ text: '' });
    await expect(client.closed).resolves.toEqual({ code: 1000, reason: '' });
    expect(chunksOf(client.frames)).toEqual(['Hello there. ', 'Bye. ']);
    expect(bytesOf(client.frames)).toBe(18 * MS_PER_CHAR * BYTES_PER_MS);
    expect(client.frames.filter(isFinal)).toHaveLength(1);
    expect(client.texts.at(-1)).toBe(
      '{"alignment":null,"audio":null,"isFinal":true,"normalizedAlignment":null}',
    );
  });

  it('only flushes for an empty text with flush', async () => {
    await start();
    const client = await single();
    client.send({ text: ' ' });
    client.send({ text: 'Hello. ' });
    client.send({ text: '', flush: true });
    await client.take(isAudio);
    client.send({ text: 'Bye. ' });
    client.send({ text: '' });
    await client.closed;
    expect(chunksOf(client.frames)).toEqual(['Hello. ', 'Bye. ']);
  });

  it('sends sorted keys, explicit nulls, an aligned first frame and exact character times', async () => {
    await start({ chunkMs: 100 });
    const client = await single();
    client.send({ text: ' ' });
    client.send({ text: 'Hi ', flush: true });
    client.send({ text: '' });
    await client.closed;
    const [first, second] = client.frames;
    expect(Object.keys(first ?? {})).toEqual(['alignment', 'audio', 'isFinal', 'normalizedAlignment']);
    expect(first).toMatchObject({
      isFinal: null,
      alignment: { chars: ['H', 'i', ' '], charStartTimesMs: [0, 65, 130], charDurationsMs: [65, 65, 65] },
      normalizedAlignment: { chars: [' ', 'H', 'i', ' '], charStartTimesMs: [0, 35, 100, 165] },
    });
    expect(second).toMatchObject({ alignment: null, isFinal: null, normalizedAlignment: null });
  });

  it('sends frames that the official schemas accept', async () => {
    await start();
    const client = await single();
    client.send({ text: ' ' });
    client.send({ text: 'Hello there. ', flush: true });
    client.send({ text: '' });
    await client.closed;
    const { ReceiveMessage } = wire.v1TextToSpeechVoiceIdStreamInput;
    for (const frame of client.frames) expect(await fits(ReceiveMessage, frame)).toMatchObject({ ok: true });
  });

  it('waits for the schedule without a flush, and cuts between words', async () => {
    await start();
    const client = await single();
    client.send({ text: ' ', generation_config: { chunk_length_schedule: [50, 60] } });
    client.send({ text: 'a'.repeat(30) });
    client.send({ text: ` ${'b'.repeat(25)} ccc` });
    client.send({ text: '' });
    await client.closed;
    expect(chunksOf(client.frames)).toEqual([`${'a'.repeat(30)} ${'b'.repeat(25)} `, 'ccc']);
  });

  it('voices every message as its own utterance in auto mode, with a space added', async () => {
    await start();
    const client = await single(`${PCM}&auto_mode=true`);
    client.send({ text: ' ' });
    for (const text of ['Hel', 'lo', ' world', '. ']) client.send({ text });
    client.send({ text: '' });
    await client.closed;
    expect(chunksOf(client.frames)).toEqual(['Hel ', 'lo ', ' world ', '. ']);
  });

  it('speaks for a client that starts as the Python SDK does', async () => {
    await start();
    const client = await single();
    const config = { generation_config: { chunk_length_schedule: [50] } };
    client.send({ text: ' ', try_trigger_generation: true, voice_settings: null, ...config });
    client.send({ text: 'Hello there. ', try_trigger_generation: true });
    client.send({ text: '' });
    await client.closed;
    expect(client.frames.some(isFinal)).toBe(true);
    expect(providers.log.invalid).toEqual([]);
  });

  it.each([
    ['pcm_8000', 8_000 * 2],
    ['pcm_22050', 22_050 * 2],
    ['pcm_24000', 24_000 * 2],
    ['pcm_44100', 44_100 * 2],
    ['ulaw_8000', 8_000],
    ['alaw_8000', 8_000],
  ])('renders %s', async (format, bytesPerSecond) => {
    await start({ msPerChar: 100 });
    const client = await single(`output_format=${format}`);
    client.send({ text: ' ' });
    client.send({ text: 'Ten chars.', flush: true });
    client.send({ text: '' });
    await client.closed;
    expect(bytesOf(client.frames)).toBe(bytesPerSecond);
  });

  it('slows down and speeds up by voice_settings.speed', async () => {
    await start();
    const client = await single();
    client.send({ text: ' ', voice_settings: { speed: 0.8 } });
    client.send({ text: 'Hello', flush: true });
    client.send({ text: '' });
    await client.closed;
    // 5 characters of 65 ms at 0.8 of the pace are 406.25 ms.
    expect(bytesOf(client.frames)).toBe(13_000);
  });

  it.each([
    ['a bad key', { headers: { 'xi-api-key': 'bad-key' } }, SARAH, PCM, 'invalid_api_key'],
    ['an unknown voice', KEY, 'nobody', PCM, 'voice_id_does_not_exist'],
    ['a format it cannot render', KEY, SARAH, 'output_format=mp3_44100_128', 'output_format_not_allowed'],
    ['no format, which means mp3', KEY, SARAH, '', 'output_format_not_allowed'],
  ])('upgrades and then tells %s in band, with the same close', async (_, headers, voice, query, error) => {
    await start();
    for (const kind of ['stream-input', 'multi-stream-input'] as const) {
      const client = await Client.open(url(kind, query, voice), headers);
      const told = await client.take(isError);
      expect(told).toMatchObject({ error, code: 1008, message: expect.any(String) });
      const reason = String(told['message']).slice(0, 123);
      await expect(client.closed).resolves.toEqual({ code: 1008, reason });
    }
  });

  it('takes the key from the first message, and misses it there', async () => {
    await start();
    const keyed = await Client.open(url('stream-input'));
    keyed.send({ text: ' ', 'xi-api-key': 'any-key' });
    keyed.send({ text: '' });
    await expect(keyed.closed).resolves.toMatchObject({ code: 1000 });
    const keyless = await Client.open(url('stream-input'));
    keyless.send({ text: ' ' });
    expect(await keyless.take(isError)).toMatchObject({ error: 'invalid_api_key' });
  });

  it('refuses dialogue models with 400 and unknown paths with 403 before the upgrade', async () => {
    await start();
    const refused = await Client.refusal(url('stream-input', 'model_id=eleven_v3'), KEY);
    expect(refused).toMatchObject({
      status: 400,
      body: { detail: { code: 'unsupported_model', param: 'model_id' } },
    });
    const wrong = await Client.refusal(`${providers.url}/elevenlabs/v1/text-to-speech/${SARAH}/input`, KEY);
    expect(wrong.status).toBe(403);
  });

  it('closes 1008 for changed voice settings and not for repeated ones', async () => {
    await start();
    const client = await single();
    client.send({ text: ' ', voice_settings: { stability: 0.5 } });
    client.send({ text: 'Hi ', voice_settings: { stability: 0.5 }, flush: true });
    await client.take(isAudio);
    client.send({ text: 'Hi ', voice_settings: { stability: 0.6 } });
    const { code, reason } = await client.closed;
    expect(code).toBe(1008);
    expect(reason).toContain('voice_settings');
  });

  it.each([
    ['no JSON', 'hello'],
    ['a flush without text', '{"flush":true}'],
    ['a schedule out of range', '{"text":" ","generation_config":{"chunk_length_schedule":[10]}}'],
    ['a speed out of range', '{"text":" ","voice_settings":{"speed":2}}'],
  ])('answers %s with invalid_input_message', async (_, text) => {
    await start();
    const client = await single();
    client.send(text);
    expect(await client.take(isError)).toMatchObject({ error: 'invalid_input_message' });
    expect(providers.log.invalid).toHaveLength(1);
  });

  it('gives a stream up 20 s after its last message, a lone space included', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await start();
    const client = await single();
    for (let sent = 1; sent <= 3; sent += 1) {
      client.send({ text: ' ' });
      await providers.log.waitFor(() => providers.log.frames('elevenlabs').length === sent);
      vi.advanceTimersByTime(19_900);
    }
    vi.advanceTimersByTime(100);
    const told = await client.take(isError);
    expect(told).toMatchObject({
      error: 'input_timeout_exceeded',
      message: expect.stringContaining('20.0 seconds'),
    });
    vi.advanceTimersByTime(5);
    await expect(client.closed).resolves.toMatchObject({ code: 1008 });
  });

  it('abandons the speech of a client that closes before the end', async () => {
    await start({ paceMs: 30 });
    const client = await single();
    client.send({ text: ' ' });
    client.send({ text: 'A long sentence that is still being spoken. ', flush: true });
    client.send({ text: '' });
    await client.take(isAudio);
    client.socket.close(1000);
    await client.closed;
    expect(client.frames.some(isFinal)).toBe(false);
  });

  it('records a key that no frame has, and goes on', async () => {
    await start();
    const client = await single();
    client.send({ text: ' ', voiceSettings: {} });
    client.send({ text: '' });
    await expect(client.closed).resolves.toMatchObject({ code: 1000 });
    expect(providers.log.invalid).toHaveLength(1);
  });

  it('accepts a single-use token once', async () => {
    await start();
    const tokenUrl = `${providers.url}/elevenlabs/v1/single-use-token/tts_websocket`;
    const issued = await fetch(tokenUrl, { method: 'POST', headers: KEY.headers });
    const { token } = (await issued.json()) as { token: string };
    const query = `${PCM}&single_use_token=${token}`;
    const first = await Client.open(url('stream-input', query));
    first.send({ text: ' ' });
    first.send({ text: '' });
    await expect(first.closed).resolves.toMatchObject({ code: 1000 });
    const second = await Client.open(url('stream-input', query));
    expect(await second.take(isError)).toMatchObject({ error: 'invalid_api_key' });
    expect(JSON.stringify(providers.log.entries)).not.toContain(token);
  });
});

describe('multi-stream-input', () => {
  it('speaks contexts apart and ends each only when it is closed', async () => {
    await start();
    const client = await multi();
    for (const id of ['c1', 'c2']) {
      client.send({ text: ' ', context_id: id });
      client.send({ text: `This is ${id}. `, context_id: id, flush: true });
    }
    await client.take((frame) => frame['contextId'] === 'c2');
    client.send({ context_id: 'c1', close_context: true });
    const final = await client.take(isFinal);
    expect(JSON.stringify(final)).toBe(
      '{"alignment":null,"audio":null,"contextId":"c1","isFinal":true,"normalizedAlignment":null}',
    );
    const ofFirst = client.frames.filter((frame) => frame['contextId'] === 'c1');
    expect(chunksOf(ofFirst)).toEqual(['This is c1. ']);
    expect(bytesOf(ofFirst)).toBe(12 * MS_PER_CHAR * BYTES_PER_MS);
    expect(client.frames.filter(isFinal)).toHaveLength(1);
    client.send({ close_socket: true });
    expect(await client.take(isFinal)).toMatchObject({ contextId: 'c2' });
    await expect(client.closed).resolves.toEqual({ code: 1000, reason: '' });
  });

  it('speaks the buffered rest when a context is closed', async () => {
    await start();
    const client = await multi();
    client.send({ text: ' ', context_id: 'c1' });
    client.send({ text: 'No flush here. ', context_id: 'c1' });
    client.send({ context_id: 'c1', close_context: true });
    await client.take(isFinal);
    expect(chunksOf(client.frames)).toEqual(['No flush here. ']);
  });

  it('sends frames that the official schemas accept', async () => {
    await start();
    const client = await multi();
    client.send({ text: ' ', context_id: 'c1' });
    client.send({ text: 'Hello. ', context_id: 'c1', flush: true });
    client.send({ context_id: 'c1', close_context: true });
    await client.take(isFinal);
    const { ReceiveMessageMulti } = wire.v1TextToSpeechVoiceIdMultiStreamInput;
    for (const frame of client.frames) {
      expect(await fits(ReceiveMessageMulti, frame)).toMatchObject({ ok: true });
    }
  });

  it('closes the whole socket for a sixth context, and frees a place at its final frame', async () => {
    await start();
    const client = await multi();
    for (let i = 1; i <= 5; i += 1) client.send({ text: ' ', context_id: `c${i}` });
    client.send({ context_id: 'c1', close_context: true });
    await client.take(isFinal);
    client.send({ text: 'Hello. ', context_id: 'c6', flush: true });
    await client.take(isAudio);
    client.send({ text: ' ', context_id: 'c7' });
    expect(await client.take(isError)).toMatchObject({ error: 'max_active_conversations', code: 1008 });
    await expect(client.closed).resolves.toMatchObject({ code: 1008 });
  });

  it('opens a context for any message that names one, so that later settings are illegal', async () => {
    await start();
    const client = await multi();
    client.send({ text: '', context_id: 'c1' });
    client.send({ text: ' ', context_id: 'c1', voice_settings: { stability: 0.5 } });
    await expect(client.closed).resolves.toMatchObject({ code: 1008 });
  });

  it('keeps the socket alive for an empty text without a context, which opens none', async () => {
    await start();
    const client = await multi();
    for (let i = 0; i < 8; i += 1) client.send({ text: '' });
    for (let i = 1; i <= 5; i += 1) client.send({ text: ' ', context_id: `c${i}` });
    client.send({ close_socket: true });
    await expect(client.closed).resolves.toMatchObject({ code: 1000 });
    expect(client.frames.filter(isFinal)).toHaveLength(5);
  });

  it('closes an idle context with its final frame, then an idle socket', async () => {
    await start({}, { inactivityUnitMs: 2 });
    const client = await multi();
    client.send({ text: ' ', context_id: 'c1' });
    expect(await client.take(isFinal)).toMatchObject({ contextId: 'c1' });
    expect(await client.take(isError)).toMatchObject({ error: 'input_timeout_exceeded' });
  });

  it('answers flush and close frames without text, as LiveKit sends them', async () => {
    await start();
    const client = await multi();
    client.send({ text: ' ', context_id: 'c1', voice_settings: {} });
    client.send({ text: 'Hello. ', context_id: 'c1' });
    client.send({ text: '', context_id: 'c1', flush: true });
    await client.take(isAudio);
    client.send({ context_id: 'c1', close_context: true });
    await client.take(isFinal);
    expect(providers.log.invalid).toEqual([]);
  });
});
