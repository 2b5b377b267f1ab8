import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SynthesiserConfig } from '../../../src/config.ts';
import type { VoiceRoute } from '../../../src/conversation/events.ts';
import type { Providers } from '../../../src/local/server.ts';
import { ElevenLabs } from '../../../src/providers/elevenlabs.ts';
import { hasKey, liveConfig, localVendors, World } from './vendors.ts';

const PIECES = ['It is ten dollars a month.', 'Would that work for you?'];

function contract(config: () => SynthesiserConfig): void {
  function start({ apiKey = config().apiKey, voiceId = config().voices[0].id } = {}) {
    const world = new World();
    const voice = new ElevenLabs({ ...config(), apiKey }, voiceId, 'en-US', world.around);
    return { world, voice: world.run(voice) };
  }

  it.each<VoiceRoute>(['socket', 'http'])(
    'speaks replies over %s, whole samples, then is done',
    async (route) => {
      const { world, voice } = start();
      for (const reply of [1, 2]) {
        for (const piece of PIECES) voice.say(reply, piece, route);
        voice.finish(reply);
        await world.until('voice.done', reply);
        const sound = world.all('voice.audio').filter((event) => event.reply === reply);
        expect(sound.length).toBeGreaterThan(0);
        expect(sound.every(({ pcm }) => pcm.byteLength > 0 && pcm.byteLength % 2 === 0)).toBe(true);
        expect(world.news.at(-1)).toEqual({ type: 'voice.done', reply });
      }
      world.end(voice);
    },
  );

  it('tells where every character of the text sounds', async () => {
    const { world, voice } = start();
    for (const piece of PIECES) voice.say(1, piece, 'socket');
    voice.finish(1);
    await world.until('voice.done');
    const told = world.all('voice.audio').flatMap(({ alignment }) => alignment?.characters ?? []);
    expect(told.join('').replace(/\s/g, '')).toBe(PIECES.join('').replace(/\s/g, ''));
    world.end(voice);
  });

  it('says nothing more of a reply that was cancelled', async () => {
    const { world, voice } = start();
    voice.say(1, PIECES.join(' '), 'socket');
    await world.until('voice.audio');
    const heard = world.news.length;
    voice.cancel(1);
    voice.say(2, 'Goodbye.', 'socket');
    voice.finish(2);
    await world.until('voice.done');
    expect(world.news.slice(heard).every((event) => 'reply' in event && event.reply === 2)).toBe(true);
    world.end(voice);
  });

  it.each<[VoiceRoute, object, string]>([
    ['socket', { apiKey: 'bad-key' }, 'refused'],
    ['http', { apiKey: 'bad-key' }, 'refused'],
    ['socket', { voiceId: 'nobody' }, 'unknown-voice'],
    ['http', { voiceId: 'nobody' }, 'unknown-voice'],
  ])('over %s refuses %j for good', async (route, wrong, kind) => {
    const { world, voice } = start(wrong);
    voice.say(1, 'Hello.', route);
    await world.until('voice.failed');
    expect(world.news).toMatchObject([
      { type: 'voice.failed', reply: 1, failure: { kind, retryable: false } },
    ]);
    world.end(voice);
  });
}

describe('the contract of the voice: local', () => {
  let providers: Providers;
  let config: SynthesiserConfig;
  beforeAll(async () => {
    const local = await localVendors();
    providers = local.providers;
    providers.script = { synthesiser: { firstAudioMs: 5, msPerChar: 5 } };
    config = local.config.synthesiser;
  });
  afterAll(() => providers.close());

  contract(() => config);
});

describe.runIf(hasKey('ELEVENLABS_API_KEY'))('the contract of the voice: live', () => {
  contract(() => liveConfig().synthesiser);
});
