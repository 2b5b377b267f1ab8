import { beforeEach, describe, expect, it } from 'vitest';
import type { SynthesiserConfig } from '../../../src/config.ts';
import { ElevenLabs } from '../../../src/providers/elevenlabs/elevenlabs.ts';
import { never, type Sent, Surround, settled } from './surround.ts';

const config: SynthesiserConfig = {
  apiKey: 'secret',
  baseUrl: 'https://api.elevenlabs.io',
  model: 'eleven_flash_v2_5',
  voices: [{ id: 'v1', name: 'One' }],
  fallbackVoice: undefined,
  sampleRate: 16_000,
  place: 'live',
};

let vendor: Surround;
let voice: ElevenLabs;
beforeEach(() => {
  vendor = new Surround();
  voice = new ElevenLabs(config, 'v1', 'en-US', vendor.around);
});

/** A body that comes in these chunks, and ends or stays open. */
function streamed(chunks: readonly (string | Uint8Array)[], ends = true): Response {
  const encoder = new TextEncoder();
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks)
          controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk);
        if (ends) controller.close();
      },
    }),
  );
}

const MS_PER_CHARACTER = 50;
const BYTES_PER_CHARACTER = MS_PER_CHARACTER * 32;

/** One line of an answer: some audio, and where the characters of a text sound in the whole of it. */
function line(audio: Uint8Array, text = ''): string {
  const characters = [...text];
  const at = (i: number) => (i * MS_PER_CHARACTER) / 1000;
  const alignment = {
    characters,
    character_start_times_seconds: characters.map((_, i) => at(i)),
    character_end_times_seconds: characters.map((_, i) => at(i + 1)),
  };
  const told = text === '' ? null : alignment;
  const audio_base64 = Buffer.from(audio).toString('base64');
  return `${JSON.stringify({ audio_base64, alignment: told, normalized_alignment: told })}\n`;
}

/** The answer to a request: the sound of its text. */
function sounded({ body }: Sent, ends = true): Response {
  const text = String(body['text']);
  return streamed([line(new Uint8Array(text.length * BYTES_PER_CHARACTER), text)], ends);
}

const heard = () => Buffer.concat(vendor.all('voice.audio').map(({ pcm }) => pcm));
const kinds = () => vendor.news.map((event) => event.type);

describe('speech over HTTP', () => {
  it('is asked for piece by piece, each knowing what came before', async () => {
    vendor.answer = (request) => sounded(request);
    voice.say(1, 'One.', 'http');
    voice.say(1, 'Two.', 'http');
    voice.finish(1);
    for (let turn = 0; turn < 4; turn++) await settled();
    const [first, second] = vendor.requests;
    expect(first?.url.href).toBe(
      'https://api.elevenlabs.io/v1/text-to-speech/v1/stream/with-timestamps?output_format=pcm_16000',
    );
    expect(first?.headers.get('xi-api-key')).toBe('secret');
    const shape = { model_id: 'eleven_flash_v2_5', language_code: 'en' };
    expect(first?.body).toEqual({ ...shape, text: 'One.' });
    expect(second?.body).toEqual({ ...shape, text: 'Two.', previous_text: 'One.' });
    expect(kinds()).toEqual(['voice.audio', 'voice.audio', 'voice.done']);
    expect(vendor.sockets).toHaveLength(0);
  });

  it('keeps whole samples whatever chunks it comes in', async () => {
    const sound = Uint8Array.from({ length: 4 * BYTES_PER_CHARACTER }, (_, i) => i % 253);
    const cuts = [0, 1, 4, 1097, 1098, 2999, 2999, 5001, sound.byteLength];
    const lines = cuts.slice(1).map((end, i) => line(sound.subarray(cuts[i], end), i === 0 ? 'One.' : ''));
    const bytes = Buffer.from(lines.join(''));
    vendor.answer = () => streamed([bytes.subarray(0, 7), bytes.subarray(7, 500), bytes.subarray(500)]);
    voice.say(1, 'One.', 'http');
    voice.finish(1);
    await settled();
    await settled();
    expect(vendor.all('voice.audio').every(({ pcm }) => pcm.byteLength % 2 === 0)).toBe(true);
    expect(heard()).toEqual(Buffer.from(sound));
    expect(kinds().at(-1)).toBe('voice.done');
  });

  it('goes out before the body has ended', async () => {
    vendor.answer = () => streamed([line(new Uint8Array(5001), 'One.')], false);
    voice.say(1, 'One.', 'http');
    await settled();
    expect(heard().byteLength).toBe(5000);
  });

  it('[V3] tells where every character sounds', async () => {
    vendor.answer = (request) => sounded(request);
    voice.say(1, 'One.', 'http');
    await settled();
    expect(vendor.all('voice.audio')[0]?.alignment).toEqual({
      characters: ['O', 'n', 'e', '.'],
      startMs: [0, 50, 100, 150],
      endMs: [50, 100, 150, 200],
    });
  });

  it('takes sound of which nothing is told', async () => {
    vendor.answer = () => streamed([line(new Uint8Array(5000))]);
    voice.say(1, 'One.', 'http');
    voice.finish(1);
    await settled();
    await settled();
    expect(kinds()).toEqual(['voice.audio', 'voice.done']);
  });

  it.each([
    ['half a text', () => streamed([line(new Uint8Array(2 * BYTES_PER_CHARACTER), 'One.')])],
    ['nothing at all', () => streamed([])],
  ])('[V3] fails with %s, so that the rest is said again', async (_, answer) => {
    vendor.answer = answer;
    voice.say(1, 'One.', 'http');
    voice.finish(1);
    await settled();
    await settled();
    expect(vendor.failure).toMatchObject({ kind: 'truncated', retryable: true });
    expect(kinds()).not.toContain('voice.done');
  });

  it('[V1] speaks with the voice that takes over', async () => {
    const voices = [
      { id: 'v1', name: 'One' },
      { id: 'v2', name: 'Two' },
    ] as const;
    vendor.answer = (request) => sounded(request);
    for (const [fallbackVoice, spoken] of [
      [undefined, 'v2'],
      ['v3', 'v3'],
      ['v1', 'v2'],
    ]) {
      vendor.requests.length = 0;
      vendor.news.length = 0;
      const other = new ElevenLabs({ ...config, voices, fallbackVoice }, 'v1', 'en-US', vendor.around);
      other.say(1, 'One.', 'other-voice');
      other.finish(1);
      await settled();
      await settled();
      expect(vendor.requests.map(({ url }) => url.pathname)).toEqual([
        `/v1/text-to-speech/${spoken}/stream/with-timestamps`,
      ]);
      expect(vendor.requests[0]?.body).toMatchObject({ model_id: 'eleven_flash_v2_5' });
      expect(kinds()).toEqual(['voice.audio', 'voice.done']);
    }
  });

  it('is done at once when there is nothing to say', () => {
    voice.finish(1);
    expect(vendor.news).toEqual([{ type: 'voice.done', reply: 1 }]);
  });

  it('waits for more text until the reply is complete', async () => {
    vendor.answer = (request) => sounded(request);
    voice.say(1, 'One.', 'http');
    await settled();
    await settled();
    expect(kinds()).toEqual(['voice.audio']);
    expect(voice.deadline).toBeUndefined();
    voice.finish(1);
    expect(kinds()).toEqual(['voice.audio', 'voice.done']);
  });

  it('stops when it is cancelled, also for a reply that begins anew under the same number', async () => {
    vendor.answer = ({ signal }) => never(signal);
    voice.say(1, 'One.', 'http');
    voice.cancel(1);
    voice.say(1, 'Two.', 'http');
    await settled();
    expect(vendor.requests.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
    expect(vendor.news).toEqual([]);
  });

  it.each([
    ['never answers', 1500, ({ signal }: Sent) => never<Response>(signal)],
    ['begins no audio', 1500, () => streamed([], false)],
    ['goes on no more', 3000, () => streamed([line(new Uint8Array(3200), 'One.')], false)],
  ])('[V2] fails when the vendor %s for %i ms', async (_, ms, answer) => {
    vendor.answer = answer;
    voice.say(1, 'One.', 'http');
    await settled();
    vendor.pass(voice, ms - 1);
    expect(vendor.failure).toBeUndefined();
    vendor.pass(voice, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
  });

  it('[V2] waits longer for a later piece, which comes while the first still sounds', async () => {
    vendor.answer = (request) => (request.body['text'] === 'One.' ? sounded(request) : never(request.signal));
    voice.say(1, 'One.', 'http');
    voice.say(1, 'Two.', 'http');
    await settled();
    await settled();
    vendor.pass(voice, 2999);
    expect(vendor.failure).toBeUndefined();
    vendor.pass(voice, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled' });
  });
});

describe('failures over HTTP', () => {
  it.each([
    [400, 'invalid_api_key', 'refused', false],
    [400, 'unsupported_model', 'refused', false],
    [401, 'unauthorized', 'refused', false],
    [401, 'quota_exceeded', 'refused', false],
    [403, 'subscription_required', 'refused', false],
    [403, 'output_format_not_allowed', 'refused', false],
    [404, 'voice_not_found', 'unknown-voice', false],
    [404, 'voice_does_not_exist', 'unknown-voice', false],
    [429, 'concurrent_limit_exceeded', 'rate-limited', true],
    [429, 'too_many_concurrent_requests', 'rate-limited', true],
    [429, 'system_busy', 'rate-limited', true],
    [429, 'quota_exceeded', 'rate-limited', false],
    [500, 'internal_error', 'refused', true],
    [503, 'system_busy', 'rate-limited', true],
  ])('%i %s: %s, retryable %s', async (status, code, kind, retryable) => {
    const detail = { type: 't', code, status: code, message: 'One.', request_id: 'r' };
    vendor.answer = () => Response.json({ detail }, { status });
    voice.say(1, 'One.', 'http');
    await settled();
    const failure = { kind, retryable, detail: `ElevenLabs answered ${status} ${code}` };
    expect(vendor.news).toEqual([{ type: 'voice.failed', reply: 1, failure }]);
  });

  it.each([
    [422, { detail: [{ loc: ['body', 'text'], msg: 'm', type: 'value_error' }] }],
    [404, { detail: 'Not Found' }],
    [403, 'no JSON at all'],
  ])('%i with another body: refused for good', async (status, body) => {
    vendor.answer = () => new Response(JSON.stringify(body), { status });
    voice.say(1, 'One.', 'http');
    await settled();
    const detail = `ElevenLabs answered ${status}`;
    expect(vendor.failure).toEqual({ kind: 'refused', retryable: false, detail });
  });

  it('a lost connection: closed, retryable, what came before stays', async () => {
    vendor.answer = () => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(line(new Uint8Array(5000), 'One.')));
          setImmediate(() => controller.error(new Error('Network connection lost.')));
        },
      });
      return new Response(body);
    };
    voice.say(1, 'One.', 'http');
    await settled();
    await settled();
    expect(heard().byteLength).toBe(5000);
    expect(vendor.failure).toMatchObject({ kind: 'closed', retryable: true });
  });
});
