import { describe, expect, it } from 'vitest';
import type { LogEntry } from '../../../src/local/wire/log.ts';
import { loud, quiet, type WireClient, type WireFrame } from '../../support/client.ts';
import { answerTo, converse, fast, heardOut, longWinded, stage, untilAck, utteranceOf } from './stage.ts';

const MAX_AUDIO_BYTES = 64_000;
const acknowledged = { success: true };
const on = stage();

describe('voicechat.audio.start', () => {
  it.each([8000, 11_025, 16_000, 44_100, 48_000])(
    'samplingRate 8000..48000 Hz: %i reaches the recogniser unchanged, and so does the audio',
    async (samplingRate) => {
      const client = await on.join();
      await client.start({ samplingRate });
      expect((await on.listening()).path).toContain(`sample_rate=${samplingRate}&`);
      const before = await heardSoFar(client);
      for (let i = 0; i < 12; i++) client.audio(quiet(20, samplingRate), samplingRate);
      await heardMore(before, 12 * quiet(20, samplingRate).byteLength);
    },
  );

  it('samplingRate defaults to 16000 and language to en-US', async () => {
    const client = await on.join();
    await client.start({});
    const { path } = await on.listening();
    expect(path).toContain('sample_rate=16000&');
    expect(path).toContain('language=en-US&');
  });

  it.each([
    [7999, '7999'],
    [48_001, '48001'],
    [16_000.5, '16000.5'],
    ['16000', '"16000"'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [-16_000, '-16000'],
    [0, '0'],
    [true, 'true'],
    [[16_000], 'an array'],
    [{ hz: 16_000 }, 'a map'],
  ])('samplingRate %j is refused with what is accepted and what came', async (samplingRate, got) => {
    const client = await on.join();
    const error = await answerTo(client, client.send('voicechat.audio.start', { samplingRate }));
    expectRefusal(error, 'voicechat.audio.error', 'invalid_sampling_rate');
    expect(error.payload['message']).toBe(
      `samplingRate: an integer from 8000 to 48000 Hz is accepted, got ${got}`,
    );
    client.send('voicechat.audio.chunk', { audio: quiet(20) });
    expect((await client.next(isRefusal('audio_not_started'))).requestType).toBe('voicechat.audio.chunk');
  });

  it.each(['de', 'pt-BR', 'zh-Hans-CN'])(
    'language is a BCP-47 tag: %s reaches the recogniser',
    async (language) => {
      const client = await on.join();
      await client.start({ language });
      expect((await on.listening()).path).toContain(`language=${language}&`);
    },
  );

  it.each(['en_US', 'english', 'e', '', 'en-US&model=x', 7, ['en']])(
    'language %j is refused',
    async (language) => {
      const client = await on.join();
      const error = await answerTo(client, client.send('voicechat.audio.start', { language }));
      expectRefusal(error, 'voicechat.audio.error', 'invalid_language');
      expect(error.payload['message']).toMatch(/^language: a BCP-47 tag such as en-US is accepted, got /);
    },
  );

  it('voiceId is one of the voices that connection.ack lists, and is the one that speaks', async () => {
    const client = await on.join();
    const voices = voicesOf(client);
    const voiceId = voices.at(-1)?.id ?? '';
    await client.start({ voiceId });
    await client.next('voicechat.response.chunk');
    const opened = await on.providers.log.waitFor(
      (entry) => entry.provider === 'elevenlabs' && entry.kind === 'open',
    );
    expect(opened).toMatchObject({ path: expect.stringContaining(voiceId) });
    expect(voices[0]?.id).not.toBe(voiceId);
  });

  it('an unknown voiceId is refused with the known ones, and nothing has begun', async () => {
    const client = await on.join();
    const error = await answerTo(client, client.send('voicechat.audio.start', { voiceId: 'nobody' }));
    expectRefusal(error, 'voicechat.audio.error', 'unknown_voice');
    for (const { id, name } of voicesOf(client)) {
      expect(error.payload['message']).toContain(`${id} (${name})`);
    }
    client.send('voicechat.audio.chunk', { audio: quiet(20) });
    await client.next(isRefusal('audio_not_started'));
    await client.start();
    await client.next('voicechat.response.complete');
  });

  it.each([[''], ['v'.repeat(129)], [7]])('voiceId %j is refused as no identifier', async (voiceId) => {
    const client = await on.join();
    const error = await answerTo(client, client.send('voicechat.audio.start', { voiceId }));
    expectRefusal(error, 'voicechat.audio.error', 'invalid_payload');
  });

  it('a second start with the same payload is acknowledged and changes nothing', async () => {
    const client = await on.greeted();
    expect(await untilAck(client)).toEqual([]);
    expect(opened('deepgram')).toHaveLength(1);
  });

  it('a second start may change the rate: the recogniser goes on getting the rate it was opened with', async () => {
    const client = await on.greeted({ samplingRate: 16_000 });
    const before = await heardSoFar(client);
    await client.start({ samplingRate: 48_000 });
    client.audio(loud(600, 48_000), 48_000);
    // The last milliseconds stay in the resampler and in an unfinished frame.
    const atLeast = loud(550).byteLength;
    await on.providers.log.waitFor(() => heardBytes() - before >= atLeast);
    await client.next('voicechat.transcript.final');
    expect(heardBytes() - before).toBeLessThanOrEqual(loud(600).byteLength);
    expect(opened('deepgram')).toHaveLength(1);
  });

  it('a second start may change the language: the recogniser is opened again', async () => {
    const client = await on.greeted();
    await client.start({ language: 'de' });
    await on.providers.log.waitFor((entry) => entry.kind === 'open' && entry.path.includes('language=de&'));
    client.audio(loud(400));
    await client.next('voicechat.transcript.final');
  });
});

describe('voicechat.audio.chunk', () => {
  it('has no ack, muted or not', async () => {
    const client = await on.greeted();
    client.send('voicechat.audio.chunk', { audio: quiet(20) });
    client.send('voicechat.audio.chunk', { audio: quiet(20), isMuted: false });
    client.send('voicechat.audio.chunk', { audio: quiet(20), isMuted: true });
    expect(await untilAck(client)).toEqual([]);
  });

  it('isMuted: the audio never reaches the recogniser', async () => {
    const client = await on.greeted();
    const before = await heardSoFar(client);
    for (let i = 0; i < 20; i++) client.send('voicechat.audio.chunk', { audio: loud(20), isMuted: true });
    client.audio(quiet(100));
    await heardMore(before, quiet(100).byteLength);
    expect(client.frames.filter(({ eventType }) => eventType.includes('transcript'))).toEqual([]);
  });

  it.each<[string, unknown, string, string]>([
    ['empty', new Uint8Array(0), 'audio_empty', 'got 0 bytes'],
    ['odd', new Uint8Array(639), 'audio_odd_length', 'got 639 bytes'],
    ['above 64000 bytes', new Uint8Array(MAX_AUDIO_BYTES + 2), 'audio_too_large', 'got 64002'],
    ['text', 'UklGRg==', 'invalid_payload', 'got "UklGRg=="'],
    ['an array', [1, 2, 3, 4], 'invalid_payload', 'got an array'],
    ['missing', undefined, 'invalid_payload', 'got nothing'],
  ])(
    'audio is bin of whole samples: %s is refused, and nothing is heard of it',
    async (_, audio, code, got) => {
      const client = await on.greeted();
      const before = await heardSoFar(client);
      const error = await answerTo(client, client.send('voicechat.audio.chunk', { audio }));
      expectRefusal(error, 'voicechat.audio.error', code);
      expect(error.payload['message']).toMatch(/^audio: .* accepted, got /);
      expect(error.payload['message']).toContain(got);
      client.audio(quiet(20));
      await heardMore(before, quiet(20).byteLength);
    },
  );

  it('audio of exactly 64000 bytes is heard whole', async () => {
    const client = await on.greeted();
    const before = await heardSoFar(client);
    client.send('voicechat.audio.chunk', { audio: new Uint8Array(MAX_AUDIO_BYTES) });
    await heardMore(before, MAX_AUDIO_BYTES);
    expect(await untilAck(client)).toEqual([]);
  });

  it('isMuted is a boolean', async () => {
    const client = await on.greeted();
    const eventId = client.send('voicechat.audio.chunk', { audio: quiet(20), isMuted: 'no' });
    expectRefusal(await answerTo(client, eventId), 'voicechat.audio.error', 'invalid_payload');
  });

  it('before audio.start it is refused', async () => {
    const client = await on.join();
    const error = await answerTo(client, client.send('voicechat.audio.chunk', { audio: quiet(20) }));
    expectRefusal(error, 'voicechat.audio.error', 'audio_not_started');
    expect(opened('deepgram')).toEqual([]);
  });
});

describe('voicechat.audio.end', () => {
  it('ends the turn by hand; twice: two acks, one turn', async () => {
    on.providers.script = { ...fast, recogniser: { ...fast.recogniser, finalDelayMs: 60_000 } };
    const client = await on.greeted();
    client.audio(loud(400));
    await client.next('voicechat.transcript.interim');
    const from = client.frames.length;
    const first = client.send('voicechat.audio.end');
    const second = client.send('voicechat.audio.end');
    expect((await answerTo(client, first)).payload).toEqual(acknowledged);
    expect((await answerTo(client, second)).payload).toEqual(acknowledged);
    await heardOut(client, await client.next('voicechat.response.complete', from));
    expect(await untilAck(client)).toEqual([]);
    expect(client.all('voicechat.transcript.final')).toHaveLength(1);
    expect(client.all('voicechat.response.start')).toHaveLength(2);
    expect(requestsToModel()).toHaveLength(1);
  });

  it('with no speech: ack, and no response', async () => {
    const client = await on.greeted();
    client.audio(quiet(100));
    const from = client.frames.length;
    const end = client.send('voicechat.audio.end');
    await on.providers.log.waitFor(isFinalize);
    await converse(client);
    const events = client.frames.slice(from);
    expect(events[0]).toMatchObject({ eventId: end, payload: acknowledged });
    expect(events.filter(({ eventType }) => eventType === 'voicechat.transcript.final')).toHaveLength(1);
    expect(client.all('voicechat.response.start')).toHaveLength(2);
    expect(requestsToModel()).toHaveLength(1);
  });

  it('before audio.start: ack, and no response', async () => {
    const client = await on.join();
    expect((await answerTo(client, client.send('voicechat.audio.end'))).payload).toEqual(acknowledged);
    expect((await answerTo(client, client.send('voicechat.audio.end'))).payload).toEqual(acknowledged);
    expect(client.frames).toHaveLength(3);
  });
});

describe('voicechat.text.input', () => {
  it('a typed caller turn: ack, its transcript, and an answer', async () => {
    const client = await on.greeted();
    const from = client.frames.length;
    const eventId = client.send('voicechat.text.input', { text: '  What is it?  ' });
    await client.next('voicechat.response.complete', from);
    const [ack, final] = client.frames.slice(from);
    expect(ack).toMatchObject({ eventType: 'voicechat.text.input', eventId, payload: acknowledged });
    expect(final).toMatchObject({
      eventType: 'voicechat.transcript.final',
      payload: { text: 'What is it?' },
    });
    expect(JSON.stringify(requestsToModel().at(-1))).toContain('What is it?');
  });

  it('needs no audio.start', async () => {
    const client = await on.join();
    await converse(client, 'Anyone there?');
    expect(opened('deepgram')).toEqual([]);
  });

  it('under an id that was used before is another turn, unless it is sent again', async () => {
    const client = await on.greeted();
    const first = await converse(client, 'How much is it?');
    await heardOut(client, first);
    const { eventId } = client.frames.find(({ eventType }) => eventType === 'voicechat.text.input') ?? {};
    const from = client.frames.length;
    client.send('voicechat.text.input', { text: 'How much is it?', again: true }, { eventId });
    client.send('voicechat.text.input', { text: 'How much is it?', again: false }, { eventId });
    const answer = await client.next('voicechat.response.complete', from);
    await heardOut(client, answer);
    const since = client.frames.slice(from).map(({ eventType }) => eventType);
    expect(since.filter((eventType) => eventType === 'voicechat.text.input')).toHaveLength(2);
    expect(since.filter((eventType) => eventType === 'voicechat.transcript.final')).toHaveLength(1);
  });

  it.each([['yes'], [1]])('again %j is refused', async (again) => {
    const client = await on.join();
    const error = await answerTo(client, client.send('voicechat.text.input', { text: 'Hello?', again }));
    expectRefusal(error, 'voicechat.text.error', 'invalid_payload');
    expect(error.payload['message']).toMatch(/^again: true or false is accepted, got /);
  });

  it('2000 characters are accepted', async () => {
    const client = await on.join();
    const eventId = client.send('voicechat.text.input', { text: 'a'.repeat(2000) });
    expect((await answerTo(client, eventId)).payload).toEqual(acknowledged);
  });

  it.each([['   '], [''], ['a'.repeat(2001)], [7], [undefined]])('text %j is refused', async (text) => {
    const client = await on.join();
    const error = await answerTo(client, client.send('voicechat.text.input', { text }));
    expectRefusal(error, 'voicechat.text.error', 'invalid_payload');
    expect(error.payload['message']).toMatch(/^text: a string of 1 to 2000 characters is accepted, got /);
    expect(String(error.payload['message']).length).toBeLessThan(200);
  });
});

describe('voicechat.playback.progress', () => {
  it('has no ack, whether it is about the utterance that sounds, about none, or late', async () => {
    on.providers.script = longWinded;
    const client = await on.join();
    await client.start();
    const complete = await client.next('voicechat.response.complete');
    const utteranceId = utteranceOf(complete);
    client.send('voicechat.playback.progress', { utteranceId, playedMs: 200 });
    client.send('voicechat.playback.progress', { utteranceId: 'unheard-of', playedMs: 200, ended: false });
    expect(await untilAck(client)).toEqual([]);
    await heardOut(client, complete);
    client.send('voicechat.playback.progress', { utteranceId, playedMs: 300, ended: true });
    expect(await untilAck(client)).toEqual([]);
  });

  it.each<Record<string, unknown>>([
    { playedMs: 1 },
    { utteranceId: 'u' },
    { utteranceId: 'u', playedMs: -1 },
    { utteranceId: 'u', playedMs: Number.NaN },
    { utteranceId: 'u', playedMs: Number.POSITIVE_INFINITY },
    { utteranceId: 'u', playedMs: 86_400_001 },
    { utteranceId: 'u', playedMs: '1' },
    { utteranceId: 'u', playedMs: 1, ended: 1 },
    { utteranceId: 7, playedMs: 1 },
  ])('%j is refused', async (payload) => {
    const client = await on.join();
    const error = await answerTo(client, client.send('voicechat.playback.progress', payload));
    expectRefusal(error, 'voicechat.playback.error', 'invalid_payload');
  });
});

describe('voicechat.call.end', () => {
  it('ack, then voicechat.call.ended as the last event, then the server closes 1000', async () => {
    on.providers.script = longWinded;
    const client = await on.join();
    await client.start();
    await client.next('voicechat.response.chunk');
    await on.listening();
    const eventId = client.send('voicechat.call.end');
    client.send('voicechat.text.input', { text: 'Are you still there?' });
    expect((await client.end()).code).toBe(1000);
    const [ack, ended, ...rest] = client.frames.slice(
      client.frames.findIndex((frame) => frame.eventId === eventId),
    );
    expect(ack).toMatchObject({ eventType: 'voicechat.call.end', payload: acknowledged });
    expect(ended).toMatchObject({ eventType: 'voicechat.call.ended', payload: { reason: 'caller_hung_up' } });
    expect(rest).toEqual([]);
    await on.providers.log.waitFor(({ provider, kind }) => provider === 'deepgram' && kind === 'close');
  });

  it('also before anything else', async () => {
    const client = await on.join();
    client.send('voicechat.call.end');
    expect((await client.end()).code).toBe(1000);
    expect(client.frames.map((frame) => frame.eventType)).toEqual([
      'connection.ack',
      'voicechat.call.end',
      'voicechat.call.ended',
    ]);
  });
});

function expectRefusal(error: WireFrame, eventType: string, code: string): void {
  expect({
    eventType: error.eventType,
    code: error.payload['code'],
    retryable: error.payload['retryable'],
  }).toEqual({
    eventType,
    code,
    retryable: false,
  });
}

function isRefusal(code: string): (frame: WireFrame) => boolean {
  return (frame) => frame.payload['code'] === code;
}

function voicesOf(client: WireClient): readonly { id: string; name: string }[] {
  return client.frames[0]?.payload['voices'] as { id: string; name: string }[]; // what connection.ack promises
}

/** What the recogniser's connections have got, in bytes, when all that was sent before has arrived: a hand-ended turn tells. */
async function heardSoFar(client: WireClient): Promise<number> {
  client.send('voicechat.audio.end');
  await on.providers.log.waitFor(isFinalize);
  return heardBytes();
}

/** Resolves when the recogniser has got so many bytes more; fails if there are others among them. */
async function heardMore(before: number, bytes: number): Promise<void> {
  await on.providers.log.waitFor(() => heardBytes() - before >= bytes);
  expect(heardBytes() - before).toBe(bytes);
}

function heardBytes(): number {
  return on.providers.log.entries.reduce(
    (sum, entry) => (entry.kind === 'audio' ? sum + entry.bytes : sum),
    0,
  );
}

function isFinalize(entry: LogEntry): boolean {
  return (
    entry.provider === 'deepgram' && entry.kind === 'text' && JSON.stringify(entry.frame).includes('Finalize')
  );
}

function opened(provider: string): readonly LogEntry[] {
  return on.providers.log.entries.filter((entry) => entry.provider === provider && entry.kind === 'open');
}

function requestsToModel(): readonly LogEntry[] {
  return on.providers.log.entries.filter(({ provider, kind }) => provider === 'openai' && kind === 'request');
}
