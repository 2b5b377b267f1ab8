import { connect } from 'node:net';
import elevenlabs from '@elevenlabs/elevenlabs-js';
import { afterEach, describe, expect, it } from 'vitest';
import { type Providers, startProviders } from '../../../src/local/server.ts';

const SARAH = 'EXAVITQu4vr4xnSDxMaL';
const TEXT = 'Hello there.';
/** 65 ms a character at 16 kHz, 2 bytes a sample. */
const TEXT_BYTES = TEXT.length * 65 * 32;

let providers: Providers;
afterEach(() => providers.close());

async function start(): Promise<void> {
  const script = { synthesiser: { firstAudioMs: 5, paceMs: 0 } };
  providers = await startProviders({ mode: 'scripted', script, warn: () => undefined });
}

function sdk(apiKey = 'any-key') {
  return new elevenlabs.ElevenLabsClient({ apiKey, baseUrl: `${providers.url}/elevenlabs`, maxRetries: 0 });
}

function post(path: string, body: object, headers: Record<string, string> = { 'xi-api-key': 'any-key' }) {
  return fetch(`${providers.url}/elevenlabs${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('the official ElevenLabs SDK', () => {
  it('streams speech with the vendor headers', async () => {
    await start();
    const request = { text: TEXT, modelId: 'eleven_flash_v2_5', outputFormat: 'pcm_16000' } as const;
    const { data, rawResponse } = await sdk().textToSpeech.stream(SARAH, request).withRawResponse();
    let bytes = 0;
    for await (const chunk of data) bytes += chunk.byteLength;
    expect(bytes).toBe(TEXT_BYTES);
    expect(rawResponse.headers.get('content-type')).toBe('audio/pcm');
    expect(rawResponse.headers.get('character-cost')).toBe(String(TEXT.length));
    for (const name of [
      'request-id',
      'current-concurrent-requests',
      'maximum-concurrent-requests',
      'x-trace-id',
    ]) {
      expect(rawResponse.headers.get(name)).not.toBeNull();
    }
  });

  it('streams speech with timestamps in seconds', async () => {
    await start();
    const stream = await sdk().textToSpeech.streamWithTimestamps(SARAH, {
      text: TEXT,
      outputFormat: 'pcm_16000',
    });
    let bytes = 0;
    const characters: string[] = [];
    const ends: number[] = [];
    for await (const line of stream) {
      bytes += Buffer.from(line.audioBase64, 'base64').byteLength;
      characters.push(...(line.alignment?.characters ?? []));
      ends.push(...(line.alignment?.characterEndTimesSeconds ?? []));
    }
    expect(bytes).toBe(TEXT_BYTES);
    expect(characters.join('')).toBe(TEXT);
    expect(ends.at(-1)).toBeCloseTo(TEXT.length * 0.065);
  });

  it('lists voices with their aliases, models and tokens', async () => {
    await start();
    const page = await sdk().voices.search({ pageSize: 2 });
    expect(page).toMatchObject({ hasMore: true, totalCount: 7 });
    const found = await sdk().voices.search({ search: 'sarah' });
    expect(found.voices).toMatchObject([{ voiceId: SARAH, name: 'Sarah' }]);
    expect((await sdk().voices.getAll()).voices.map(({ voiceId }) => voiceId)).toContain('slt');
    expect((await sdk().models.list()).map(({ modelId }) => modelId)).toContain('eleven_flash_v2_5');
    expect((await sdk().tokens.singleUse.create('tts_websocket')).token).toBeTruthy();
  });

  it.each([
    ['a bad key', 'bad-key', SARAH, 'pcm_16000', 401, 'invalid_api_key'],
    ['an unknown voice', 'any-key', 'nobody', 'pcm_16000', 404, 'voice_not_found'],
    ['mp3', 'any-key', SARAH, 'mp3_44100_128', 403, 'output_format_not_allowed'],
  ] as const)('is told of %s', async (_, key, voice, outputFormat, statusCode, code) => {
    await start();
    const request = sdk(key).textToSpeech.stream(voice, { text: TEXT, outputFormat });
    await expect(request).rejects.toMatchObject({ statusCode, body: { detail: { code } } });
  });
});

describe('the HTTP wire of ElevenLabs', () => {
  it('cuts the audio at odd bytes', async () => {
    await start();
    const lengths = await chunkLengths(`/v1/text-to-speech/${SARAH}/stream?output_format=pcm_16000`, {
      text: TEXT,
    });
    expect(lengths.length).toBeGreaterThan(1);
    expect((lengths[0] ?? 0) % 2).toBe(1);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(TEXT_BYTES);
  });

  it('answers a body that does not fit with 422 and a list, and an unknown path with a string', async () => {
    await start();
    const response = await post(`/v1/text-to-speech/${SARAH}/stream`, { txt: TEXT });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ detail: [{ loc: ['body', 'text'] }] });
    const unknown = await post('/v1/nothing', {});
    expect([unknown.status, await unknown.json()]).toEqual([404, { detail: 'Not Found' }]);
  });

  it('answers a missing key with 401 and a dialogue model with 400', async () => {
    await start();
    expect((await post(`/v1/text-to-speech/${SARAH}/stream`, { text: TEXT }, {})).status).toBe(401);
    const path = `/v1/text-to-speech/${SARAH}/stream?output_format=pcm_16000`;
    const refused = await post(path, { text: TEXT, model_id: 'eleven_v3' });
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { detail: { code: 'unsupported_model' } },
    ]);
  });
});

/** The sizes of a response's HTTP chunks, read off the TCP connection because clients join what arrives together. */
async function chunkLengths(path: string, body: object): Promise<number[]> {
  const text = JSON.stringify(body);
  const socket = connect(Number(new URL(providers.url).port), '127.0.0.1');
  const head = ['Host: localhost', 'xi-api-key: k', `Content-Length: ${text.length}`, 'Connection: close'];
  socket.write(`POST /elevenlabs${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${text}`);
  const bytes: Buffer[] = [];
  for await (const chunk of socket) bytes.push(chunk as Buffer); // a socket without an encoding yields buffers
  let rest = Buffer.concat(bytes).toString('latin1').split('\r\n\r\n').slice(1).join('\r\n\r\n');
  const lengths: number[] = [];
  for (;;) {
    const length = Number.parseInt(rest, 16);
    if (!(length > 0)) return lengths;
    lengths.push(length);
    rest = rest.slice(rest.indexOf('\r\n') + 2 + length + 2);
  }
}
