import { afterEach, describe, expect, it, vi } from 'vitest';
import { writeWav } from '../../../src/audio/wav.ts';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import type { Timings } from '../../../src/local/timings.ts';
import { Client, type Frame } from './client.ts';

const BASE = 'model=nova-3&encoding=linear16&sample_rate=16000';
const TALK = `${BASE}&interim_results=true&smart_format=true&endpointing=300`;
const TOKEN = { headers: { authorization: 'Token any-key' } };

let providers: Providers;
afterEach(async () => {
  vi.useRealTimers();
  await providers.close();
});

async function start(script: ScriptInput = {}, timings: Partial<Timings> = {}): Promise<void> {
  const warn = () => undefined;
  providers = await startProviders({ mode: 'scripted', script, timings, warn });
}

function open(query: string): Promise<Client> {
  return Client.open(`${providers.url}/deepgram/v1/listen?${query}`, TOKEN);
}

function refusal(query: string, headers: Record<string, string> = TOKEN.headers) {
  return Client.refusal(`${providers.url}/deepgram/v1/listen?${query}`, { headers });
}

const says = (...texts: string[]): ScriptInput => ({
  recogniser: {
    utterances: texts.map((text) => ({ text })),
    repeat: false,
    finalDelayMs: 20,
    finishDelayMs: 1,
  },
});

function transcript(frame: Frame): string {
  const { alternatives } = frame['channel'] as { alternatives: { transcript: string }[] };
  return alternatives[0]?.transcript ?? '';
}

const isFinal = (frame: Frame) => frame['type'] === 'Results' && frame['is_final'] === true;

describe('the handshake of /v1/listen', () => {
  it('accepts Token with any key, sends dg-request-id and greets with nothing', async () => {
    await start();
    const client = await open(BASE);
    expect(client.headers['dg-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    client.send({ type: 'CloseStream' });
    await client.closed;
    expect(client.frames.map((frame) => frame['type'])).toEqual(['Metadata']);
  });

  it.each([
    ['no key', {}],
    ['a key that starts with bad', { authorization: 'Token bad-key' }],
    ['Bearer with a key', { authorization: 'Bearer any-key' }],
  ])('refuses %s with 401 and the vendor body', async (_, headers) => {
    await start();
    const refused = await refusal(BASE, headers as Record<string, string>);
    const requestId = refused.headers['dg-request-id'];
    expect(refused.status).toBe(401);
    expect(refused.headers['dg-error']).toBe('Invalid credentials.');
    expect(refused.body).toEqual({
      err_code: 'INVALID_AUTH',
      err_msg: 'Invalid credentials.',
      request_id: requestId,
    });
  });

  it('selects the subprotocol the key came in', async () => {
    await start();
    const url = `${providers.url}/deepgram/v1/listen?${BASE}`;
    expect((await Client.open(url, { protocols: ['token', 'any-key'] })).socket.protocol).toBe('token');
    await expect(Client.refusal(url, { protocols: ['token', 'bad-key'] })).resolves.toMatchObject({
      status: 401,
    });
  });

  it('accepts as Bearer only what /v1/auth/grant issued', async () => {
    await start();
    const granted = await fetch(`${providers.url}/deepgram/v1/auth/grant`, { method: 'POST', ...TOKEN });
    const { access_token, expires_in } = (await granted.json()) as {
      access_token: string;
      expires_in: number;
    };
    expect(expires_in).toBe(30);
    const url = `${providers.url}/deepgram/v1/listen?${BASE}`;
    const client = await Client.open(url, { protocols: ['bearer', access_token] });
    expect(client.socket.protocol).toBe('bearer');
  });

  it('answers another path with 404', async () => {
    await start();
    const refused = await Client.refusal(`${providers.url}/deepgram/v3/listen`, TOKEN);
    expect(refused).toMatchObject({ status: 404, headers: { 'dg-request-id': expect.any(String) } });
  });

  it.each([
    ['keywords=a:1', 'INVALID_QUERY_PARAMETER', /keyterm/],
    ['interim_results=yes', 'Bad Request', /^Failed to deserialize query parameters: interim_results/],
    ['endpointing=soon', 'Bad Request', /endpointing/],
    ['sample_rate=7999', 'Bad Request', /sample_rate/],
    ['utterance_end_ms=1000', 'INVALID_QUERY_PARAMETER', /interim_results/],
    ['encoding=opus', 'INVALID_QUERY_PARAMETER', /linear16, mulaw, alaw/],
    ['multichannel=true', 'INVALID_QUERY_PARAMETER', /multichannel/],
    [`tag=${'x'.repeat(129)}`, 'INVALID_QUERY_PARAMETER', /128/],
  ])('refuses %s with 400', async (parameter, code, message) => {
    await start();
    const name = parameter.split('=')[0] ?? '';
    const others = BASE.split('&').filter((other) => !other.startsWith(`${name}=`));
    const refused = await refusal([...others, parameter].join('&'));
    expect(refused.status).toBe(400);
    expect(refused.body).toMatchObject({ err_code: code, err_msg: expect.stringMatching(message) });
  });
});

describe('results of /v1/listen', () => {
  it('sends interims while the caller speaks and one speech_final after the pause', async () => {
    await start(says('Hello there, who is this?'));
    const client = await open(TALK);
    client.speak(12);
    const final = await client.take(isFinal);
    const interims = client.frames.filter((frame) => frame['is_final'] === false);
    expect(interims.map(transcript)).toEqual([
      'Hello',
      'Hello there,',
      'Hello there, who',
      'Hello there, who is',
    ]);
    expect(final).toMatchObject({ speech_final: true, from_finalize: false, start: 0, duration: 1.2 });
    expect(final).toMatchObject({ channel_index: [0, 1], metadata: { model_info: { arch: 'nova-3' } } });
    expect(transcript(final)).toBe('Hello there, who is this?');
  });

  it('repeats the words over the audio of a pause when the script has one', async () => {
    const { recogniser } = says('Hello there, who is this?');
    await start({ recogniser: { ...recogniser, finalDelayMs: 150, eagerLeadMs: 100 } });
    const client = await open(TALK);
    client.speak(6);
    client.silence(3);
    const final = await client.take(isFinal);
    const interims = client.frames.filter((frame) => frame['is_final'] === false);
    expect(interims.map(transcript)).toEqual(['Hello', 'Hello there,', 'Hello there, who is this?']);
    const words = expect.arrayContaining([expect.objectContaining({ word: 'this', end: 0.6 })]);
    const channel = { alternatives: [expect.objectContaining({ words })] };
    expect(interims.at(-1)).toMatchObject({ start: 0, duration: 0.9, channel });
    expect(transcript(final)).toBe('Hello there, who is this?');
  });

  it('sends no UtteranceEnd while speech goes on whose words are not known yet', async () => {
    await start(says('Hello'));
    const client = await open(`${TALK}&utterance_end_ms=1000`);
    client.speak(16);
    await client.take(isFinal);
    expect(client.frames.map((frame) => frame['type'])).not.toContain('UtteranceEnd');
  });

  it('cuts no window behind the last word of a pause, which the final may place anew', async () => {
    const { recogniser } = says('Hello there, who is this?');
    await start({ recogniser: { ...recogniser, finalDelayMs: 150, eagerLeadMs: 100 } }, { windowMs: 1000 });
    const client = await open(TALK);
    client.speak(6);
    client.silence(7);
    const final = await client.take(isFinal);
    expect(final).toMatchObject({ speech_final: true, start: 0 });
    expect(transcript(final)).toBe('Hello there, who is this?');
  });

  it('writes plain words without smart_format and no interims unasked', async () => {
    await start(says('Hello there, who is this?'));
    const client = await open(BASE);
    client.speak(12);
    const final = await client.take(() => true);
    expect(transcript(final)).toBe('hello there who is this');
    expect(final).toMatchObject({ channel: { alternatives: [{ words: expect.any(Array) }] } });
    expect(JSON.stringify(final)).not.toContain('punctuated_word');
  });

  it('sends SpeechStarted and UtteranceEnd only when asked', async () => {
    await start(says('Yes.'));
    const client = await open(`${TALK}&vad_events=true&utterance_end_ms=1000`);
    client.silence(5);
    client.speak(5);
    expect(await client.type('SpeechStarted')).toEqual({
      type: 'SpeechStarted',
      channel: [0, 1],
      timestamp: 0.5,
    });
    await client.take(isFinal);
    client.silence(11);
    expect(await client.type('UtteranceEnd')).toEqual({
      type: 'UtteranceEnd',
      channel: [0, 1],
      last_word_end: 0.75,
    });

    providers.script = says('Yes.');
    const plain = await open(TALK);
    plain.speak(5);
    plain.silence(15);
    plain.send({ type: 'CloseStream' });
    await plain.closed;
    const types = new Set(plain.frames.map((frame) => frame['type']));
    expect([...types].sort()).toEqual(['Metadata', 'Results']);
  });

  it('leaves speech_final false when the script says the end is not noticed, and ends by UtteranceEnd', async () => {
    await start({
      recogniser: { utterances: [{ text: 'Well, noise.', endsSpeech: false }], finalDelayMs: 5 },
    });
    const client = await open(`${TALK}&utterance_end_ms=1000`);
    client.speak(5);
    expect(await client.take(isFinal)).toMatchObject({ speech_final: false });
    client.silence(12);
    await client.type('UtteranceEnd');
  });

  it('cuts long speech into windows that do not overlap and lose no word', async () => {
    const words = Array.from({ length: 24 }, (_, i) => `word${i}`);
    await start(says(words.join(' ')));
    const client = await open(TALK);
    client.speak(60);
    const finals = [await client.take(isFinal), await client.take(isFinal)];
    expect(finals[0]).toMatchObject({ speech_final: false, start: 0 });
    expect(finals[1]).toMatchObject({ speech_final: true, start: finals[0]?.['duration'] });
    expect(finals.map(transcript).join(' ')).toBe(words.join(' '));
  });

  it('answers silence with empty results', async () => {
    await start(says());
    const client = await open(TALK);
    client.silence(40);
    const final = await client.take(isFinal);
    expect(final).toMatchObject({ speech_final: true, start: 0, duration: 4 });
    expect(final).toMatchObject({
      channel: { alternatives: [{ transcript: '', confidence: 0, words: [] }] },
    });
    expect(client.frames.filter((frame) => frame['is_final'] === false)).toHaveLength(3);
  });

  it.each([
    ['linear16', 8_000, 1, 2],
    ['linear16', 44_100, 1, 2],
    ['linear16', 48_000, 2, 2],
    ['mulaw', 8_000, 1, 1],
    ['alaw', 8_000, 1, 1],
  ])(
    'counts %s at %i Hz with %i channel(s) by its bytes, whatever the frame size',
    async (encoding, rate, channels, size) => {
      await start(says('Yes.'));
      const query = `model=nova-3&encoding=${encoding}&sample_rate=${rate}&channels=${channels}`;
      const client = await open(query);
      const loud = encoding === 'linear16' ? loudSamples(rate * channels) : new Uint8Array(rate).fill(0x10);
      for (let at = 0; at < loud.byteLength; at += 777) client.socket.send(loud.subarray(at, at + 777));
      expect(transcript(await client.take(isFinal))).toBe('yes');
      client.send({ type: 'CloseStream' });
      expect(await client.type('Metadata')).toMatchObject({
        duration: loud.byteLength / (rate * channels * size),
      });
    },
  );

  it('reads a WAV file when no encoding is given', async () => {
    await start(says('Yes.'));
    const client = await open('model=nova-3');
    client.socket.send(writeWav(new Int16Array(8_000).fill(3000), 16_000));
    expect(transcript(await client.take(isFinal))).toBe('yes');
    client.send({ type: 'CloseStream' });
    expect(await client.type('Metadata')).toMatchObject({ duration: 0.5, channels: 1 });
  });
});

describe('control frames of /v1/listen', () => {
  it('Finalize flushes what was heard with from_finalize, and nothing when nothing was heard', async () => {
    await start({
      ...says('I was just'),
      recogniser: { ...says('I was just').recogniser, finalDelayMs: 60_000 },
    });
    const client = await open(TALK);
    client.send({ type: 'Finalize' });
    client.speak(5);
    client.send({ type: 'Finalize' });
    const final = await client.take(isFinal);
    expect(final).toMatchObject({ from_finalize: true, speech_final: false });
    expect(transcript(final)).toBe('I was just');
    expect(client.frames.filter((frame) => frame['from_finalize'] === true)).toHaveLength(1);
  });

  it('CloseStream brings the rest, Metadata and 1000', async () => {
    await start({
      recogniser: { utterances: [{ text: 'Bye now.' }], finalDelayMs: 60_000, finishDelayMs: 1 },
    });
    const client = await open(TALK);
    client.speak(5);
    client.send({ type: 'CloseStream' });
    expect(transcript(await client.take(isFinal))).toBe('Bye now.');
    const metadata = await client.type('Metadata');
    expect(metadata).toMatchObject({ transaction_key: 'deprecated', duration: 0.5, channels: 1 });
    const [uuid] = metadata['models'] as string[];
    expect(metadata['model_info']).toMatchObject({
      [uuid ?? '']: { name: 'general-nova-3', arch: 'nova-3' },
    });
    await expect(client.closed).resolves.toEqual({ code: 1000, reason: '' });
  });

  it('takes an empty binary frame for the end, and counts no audio in its Metadata', async () => {
    await start();
    const client = await open(BASE);
    client.socket.send(new Uint8Array(0));
    expect(await client.type('Metadata')).toMatchObject({ duration: 0, channels: 0 });
    await expect(client.closed).resolves.toMatchObject({ code: 1000 });
  });

  it('closes 1011 with the NET-0001 text when neither audio nor text comes', async () => {
    await start({}, { listenIdleMs: 40 });
    const client = await open(BASE);
    const { code, reason } = await client.closed;
    expect(code).toBe(1011);
    expect(reason).toMatch(/did not receive audio data or a text message within the timeout window.*net0001/);
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  });

  it('is kept alive by KeepAlive, and given up 10 s after the last', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await start();
    const client = await open(BASE);
    for (let sent = 1; sent <= 3; sent += 1) {
      vi.advanceTimersByTime(9_000);
      client.send({ type: 'KeepAlive' });
      await providers.log.waitFor(() => providers.log.frames('deepgram').length === sent);
    }
    // It still answers.
    client.silence(40);
    await client.take(isFinal);
    vi.advanceTimersByTime(10_000);
    await expect(client.closed).resolves.toMatchObject({ code: 1011 });
  });

  it.each([
    ['text that is not JSON', 'hello'],
    ['an unknown type', '{"type":"Keepalive"}'],
    ['a control message in a binary frame', Buffer.from('{"type":"KeepAlive"}')],
  ])('closes 1008 for %s and records it', async (_, frame) => {
    await start();
    const client = await open(BASE);
    client.socket.send(frame);
    const { code, reason } = await client.closed;
    expect(code).toBe(1008);
    expect(reason).toContain('DATA-0000');
    expect(providers.log.invalid).toHaveLength(1);
  });

  it('closes 1008 when no encoding is given and the bytes are no container', async () => {
    await start();
    const client = await open('model=nova-3');
    client.speak(1);
    await expect(client.closed).resolves.toMatchObject({ code: 1008 });
  });
});

function loudSamples(count: number): Uint8Array {
  const samples = new Int16Array(count).fill(3000);
  return new Uint8Array(samples.buffer);
}
