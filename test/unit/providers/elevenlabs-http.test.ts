import { beforeEach, describe, expect, it } from 'vitest';
import type { SynthesiserConfig } from '../../../src/config.ts';
import { ElevenLabs } from '../../../src/providers/elevenlabs/elevenlabs.ts';
import { never, Surround, settled } from './surround.ts';

const config: SynthesiserConfig = {
  apiKey: 'secret',
  baseUrl: 'https://api.elevenlabs.io',
  model: 'eleven_flash_v2_5',
  voices: [{ id: 'v1', name: 'One' }],
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
function streamed(chunks: readonly Uint8Array[], ends = true): Response {
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        if (ends) controller.close();
      },
    }),
  );
}

const heard = () => Buffer.concat(vendor.all('voice.audio').map(({ pcm }) => pcm));
const kinds = () => vendor.news.map((event) => event.type);

describe('speech over HTTP', () => {
  it('is asked for piece by piece, each knowing what came before', async () => {
    vendor.answer = () => streamed([new Uint8Array(20)]);
    voice.say(1, 'One.', 'http');
    voice.say(1, 'Two.', 'http');
    voice.finish(1);
    await settled();
    await settled();
    const [first, second] = vendor.requests;
    expect(first?.url.href).toBe(
      'https://api.elevenlabs.io/v1/text-to-speech/v1/stream?output_format=pcm_16000',
    );
    expect(first?.headers.get('xi-api-key')).toBe('secret');
    const shape = { model_id: 'eleven_flash_v2_5', language_code: 'en' };
    expect(first?.body).toEqual({ ...shape, text: 'One.' });
    expect(second?.body).toEqual({ ...shape, text: 'Two.', previous_text: 'One.' });
    expect(kinds()).toEqual(['voice.audio', 'voice.audio', 'voice.done']);
    expect(vendor.sockets).toHaveLength(0);
  });

  it('keeps whole samples whatever chunks it comes in', async () => {
    const sound = Uint8Array.from({ length: 20_000 }, (_, i) => i % 253);
    const cuts = [0, 1, 4, 4097, 4098, 9999, 9999, 15_001, 20_000];
    vendor.answer = () => streamed(cuts.slice(1).map((end, i) => sound.subarray(cuts[i], end)));
    voice.say(1, 'One.', 'http');
    voice.finish(1);
    await settled();
    expect(vendor.all('voice.audio').every(({ pcm }) => pcm.byteLength % 2 === 0)).toBe(true);
    expect(heard()).toEqual(Buffer.from(sound));
    expect(kinds().at(-1)).toBe('voice.done');
  });

  it('goes out before the body has ended', async () => {
    vendor.answer = () => streamed([new Uint8Array(5001)], false);
    voice.say(1, 'One.', 'http');
    await settled();
    expect(heard().byteLength).toBe(5000);
  });

  it('is done at once when there is nothing to say', () => {
    voice.finish(1);
    expect(vendor.news).toEqual([{ type: 'voice.done', reply: 1 }]);
  });

  it('waits for more text until the reply is complete', async () => {
    vendor.answer = () => streamed([new Uint8Array(2)]);
    voice.say(1, 'One.', 'http');
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

  it('fails after 4 s without audio', async () => {
    vendor.answer = () => streamed([new Uint8Array(8000)], false);
    voice.say(1, 'One.', 'http');
    await settled();
    vendor.pass(voice, 3999);
    expect(vendor.failure).toBeUndefined();
    vendor.pass(voice, 1);
    expect(vendor.failure).toMatchObject({ kind: 'stalled', retryable: true });
    expect(vendor.requests[0]?.signal?.aborted).toBe(true);
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
          controller.enqueue(new Uint8Array(5000));
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
