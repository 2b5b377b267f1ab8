import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realProviders } from '../../../src/local/real.ts';
import type { Providers } from '../../../src/local/server.ts';
import { Client, type Frame } from './client.ts';
import { freePort } from './port.ts';

const TEXT = 'Yes, I have a minute.';
const WORDS = 'yes i have a minute';
const TOKEN = { headers: { authorization: 'Token k' } };
const XI = { headers: { 'xi-api-key': 'k' } };
/** 100 ms at 16 kHz. */
const FRAME_BYTES = 3_200;

let providers: Providers;
let speech: Buffer;

beforeAll(async () => {
  providers = await realProviders(0);
  speech = await synthesise();
}, 60_000);
afterAll(() => providers?.close());

/** What Sarah says, over the vendor's socket. */
async function synthesise(): Promise<Buffer> {
  const query = 'model_id=eleven_flash_v2_5&output_format=pcm_16000';
  const voice = `${providers.url}/elevenlabs/v1/text-to-speech/EXAVITQu4vr4xnSDxMaL`;
  const client = await Client.open(`${voice}/multi-stream-input?${query}`, XI);
  client.send({ text: ' ', context_id: 'c' });
  client.send({ text: `${TEXT} `, context_id: 'c', flush: true });
  client.send({ context_id: 'c', close_context: true });
  await client.take((frame) => frame['isFinal'] === true);
  client.send({ close_socket: true });
  const alignments = client.frames.flatMap((frame) => (frame['alignment'] ? [frame['alignment']] : []));
  expect(alignments).toMatchObject([{ chars: [...TEXT, ' '] }]);
  return Buffer.concat(client.frames.map((frame) => Buffer.from(String(frame['audio'] ?? ''), 'base64')));
}

function say(client: Client, audio: Buffer): void {
  for (let at = 0; at < audio.byteLength; at += FRAME_BYTES)
    client.socket.send(audio.subarray(at, at + FRAME_BYTES));
  client.silence(10);
}

const plain = (text: unknown) =>
  String(text)
    .toLowerCase()
    .replace(/[^a-z' ]/g, '');

function transcript(frame: Frame): string {
  return (frame['channel'] as { alternatives: { transcript: string }[] }).alternatives[0]?.transcript ?? '';
}

describe('the real engines behind the wires', () => {
  it('hear over /v1/listen what was spoken, with interims before the final', async () => {
    const query =
      'model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true&endpointing=300&smart_format=true';
    const client = await Client.open(`${providers.url}/deepgram/v1/listen?${query}`, TOKEN);
    say(client, speech);
    const final = await client.take((frame) => frame['speech_final'] === true);
    expect(plain(transcript(final))).toBe(WORDS);
    expect(transcript(final)).toMatch(/^Y.*\.$/);
    const interims = client.frames.filter((frame) => frame['is_final'] === false && transcript(frame) !== '');
    expect(interims.length).toBeGreaterThan(0);
    client.send({ type: 'CloseStream' });
    await expect(client.closed).resolves.toMatchObject({ code: 1000 });
  });

  it('hear a turn over /v2/listen at another rate', async () => {
    const query = 'model=flux-general-en&encoding=linear16&sample_rate=48000&eager_eot_threshold=0.4';
    const client = await Client.open(`${providers.url}/deepgram/v2/listen?${query}`, TOKEN);
    const tripled = new Int16Array((speech.byteLength / 2) * 3);
    for (let i = 0; i < tripled.length; i += 1) tripled[i] = speech.readInt16LE(Math.floor(i / 3) * 2);
    say(client, Buffer.from(tripled.buffer));
    for (let i = 0; i < 20; i += 1) client.silence(1);
    const end = await client.take((frame) => frame['event'] === 'EndOfTurn');
    expect(plain(end['transcript'])).toBe(WORDS);
    expect(end['trigger']).toBe('model');
    client.send({ type: 'CloseStream' });
    await expect(client.closed).resolves.toMatchObject({ code: 1005 });
  });

  it('flush what was heard at Finalize', async () => {
    const query = 'model=nova-3&encoding=linear16&sample_rate=16000&endpointing=false';
    const client = await Client.open(`${providers.url}/deepgram/v1/listen?${query}`, TOKEN);
    say(client, speech);
    client.send({ type: 'Finalize' });
    const final = await client.take((frame) => frame['from_finalize'] === true);
    expect(plain(transcript(final))).toBe(WORDS);
  });

  it('answer as the scripted agent, and say so', async () => {
    const response = await fetch(`${providers.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: JSON.stringify({ model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Who is this?' }] }),
    });
    expect(await response.json()).toMatchObject({
      system_fingerprint: 'vantum-scripted-agent',
      choices: [{ message: { content: expect.stringMatching(/\w+/) } }],
    });
  });
});

describe('npm run providers', () => {
  it('says who listens and answers, and leaves no engine running at SIGTERM', async () => {
    const main = fileURLToPath(new URL('../../../src/local/main.ts', import.meta.url));
    const port = await freePort();
    const child = spawn(process.execPath, [main], { env: { ...process.env, PROVIDERS_PORT: String(port) } });
    const ended = once(child, 'close');
    const [output] = await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(String(output)).toMatch(/soundswallower.*\n.*a scripted sales agent, not a language model/);
  }, 30_000);
});
