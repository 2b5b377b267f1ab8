import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SynthesiserConfig } from '../../src/config.ts';
import type { CallEvent } from '../../src/conversation/events.ts';
import { ElevenLabs } from '../../src/providers/elevenlabs/elevenlabs.ts';
import { PhraseShelf } from '../../src/providers/phrase-shelf.ts';
import { isolatePhrases, type PhraseCache, Phrases } from '../../src/providers/phrases.ts';
import type { Fetch } from '../../src/providers/ports.ts';

const config: SynthesiserConfig = {
  apiKey: 'local',
  baseUrl: `${env.PROVIDERS_URL}/elevenlabs`,
  model: 'eleven_flash_v2_5',
  voices: [{ id: 'EXAVITQu4vr4xnSDxMaL', name: 'Sarah' }],
  fallbackVoice: undefined,
  sampleRate: 16_000,
  place: 'local',
};
const MS_PER_CHARACTER = 5;

beforeEach(async () => {
  const response = await fetch(`${env.PROVIDERS_URL}/script`, {
    method: 'PUT',
    body: JSON.stringify({ synthesiser: { firstAudioMs: 5, msPerChar: MS_PER_CHARACTER } }),
  });
  expect(response.status).toBe(200);
});

const online: Fetch = (url, init) => fetch(url, init);
const offline: Fetch = () => Promise.reject(new Error('nobody is there'));

/** The platform's cache; tells when something was stored. */
class Watched implements PhraseCache {
  readonly addresses: string[] = [];
  readonly stored: Promise<void>;
  #tell: () => void = () => undefined;

  constructor() {
    this.stored = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  match(address: string): Promise<Response | undefined> {
    return caches.default.match(address);
  }

  async put(address: string, response: Response): Promise<void> {
    await caches.default.put(address, response);
    this.addresses.push(address);
    this.#tell();
  }
}

interface Heard {
  readonly end: CallEvent['type'] | undefined;
  readonly bytes: number;
  readonly characters: string;
}

/** A line is said by the voice of a call in an object of its own, until it is done or has failed. */
function said(text: string, phrases: () => Phrases, reach: Fetch, until = Promise.resolve()): Promise<Heard> {
  const stub = env.SESSIONS.get(env.SESSIONS.newUniqueId());
  return runInDurableObject(stub, async () => {
    const news: CallEvent[] = [];
    await new Promise<void>((resolve) => {
      const report = (event: CallEvent) => {
        news.push(event);
        if (event.type === 'voice.done' || event.type === 'voice.failed') resolve();
      };
      // The object has no timer of its own here, so a stall would hang the test rather than pass it.
      const around = { fetch: reach, now: () => Date.now(), report };
      const voice = new ElevenLabs(config, config.voices[0].id, 'en-US', around, phrases());
      voice.say(1, text, 'phrase');
      voice.finish(1);
    });
    await until;
    const audio = news.filter((event) => event.type === 'voice.audio');
    return {
      end: news.at(-1)?.type,
      bytes: audio.reduce((sum, { pcm }) => sum + pcm.byteLength, 0),
      characters: audio.flatMap(({ alignment }) => alignment?.characters ?? []).join(''),
    };
  });
}

const whole = (text: string): Heard => ({
  end: 'voice.done',
  bytes: text.length * MS_PER_CHARACTER * 32,
  characters: text,
});
/** What an isolate that has said nothing yet knows. */
const elsewhere = () => new Phrases(new PhraseShelf(1_000_000), caches.default);

describe('a fixed line in the cache of the platform', () => {
  it('is found by an object of another isolate, which cannot reach the synthesiser', async () => {
    const text = 'Hello from the first object.';
    const cache = new Watched();
    expect(await said(text, elsewhere, offline)).toMatchObject({ end: 'voice.failed' });
    const fresh = () => new Phrases(new PhraseShelf(1_000_000), cache);
    expect(await said(text, fresh, online, cache.stored)).toEqual(whole(text));
    expect(await said(text, elsewhere, offline)).toEqual(whole(text));
  });

  it('is rendered again when the cache holds garbage', async () => {
    const text = 'Hello from an object with bad luck.';
    const cache = new Watched();
    const fresh = () => new Phrases(new PhraseShelf(1_000_000), cache);
    await said(text, fresh, online, cache.stored);
    for (const garbage of ['', 'no JSON', '{"bytes":2,"pcm":"AQE="}']) {
      const headers = { 'cache-control': 'public, max-age=3600' };
      for (const address of cache.addresses)
        await caches.default.put(address, new Response(garbage, { headers }));
      expect(await said(text, elsewhere, offline)).toMatchObject({ end: 'voice.failed' });
      expect(await said(text, elsewhere, online)).toEqual(whole(text));
    }
  });
});

describe('a fixed line in the memory of the isolate', () => {
  it('is shared by its objects, without the synthesiser', async () => {
    const text = 'Hello from the isolate.';
    expect(await said(text, isolatePhrases, offline)).toMatchObject({ end: 'voice.failed' });
    expect(await said(text, isolatePhrases, online)).toEqual(whole(text));
    expect(await said(text, isolatePhrases, offline)).toEqual(whole(text));
  });
});
