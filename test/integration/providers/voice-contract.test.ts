import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SynthesiserConfig } from '../../../src/config.ts';
import type { VoiceRoute } from '../../../src/conversation/events.ts';
import type { Providers } from '../../../src/local/server.ts';
import { ElevenLabs } from '../../../src/providers/elevenlabs/elevenlabs.ts';
import { PhraseShelf } from '../../../src/providers/phrase-shelf.ts';
import { Phrases } from '../../../src/providers/phrases.ts';
import { hasKey, liveConfig, localVendors, World } from './vendors.ts';

const PIECES = ['It is ten dollars a month.', 'Would that work for you?'];

const SCRIPT = { firstAudioMs: 5, msPerChar: 5 };
const SHELF_BYTES = 1_000_000;
const FILLER = 'Let me see.';

function contract(config: () => SynthesiserConfig): void {
  function start({ apiKey = config().apiKey, voiceId = config().voices[0].id } = {}) {
    const world = new World();
    const phrases = new Phrases(new PhraseShelf(SHELF_BYTES), undefined);
    const voice = new ElevenLabs({ ...config(), apiKey }, voiceId, 'en-US', world.around, phrases);
    return { world, voice: world.run(voice) };
  }

  it.each<VoiceRoute>(['socket', 'http', 'phrase'])(
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

  it.each<VoiceRoute>(['socket', 'phrase'])(
    'tells over %s where every character of the text sounds, within the sound',
    async (route) => {
      const { world, voice } = start();
      for (const piece of PIECES) voice.say(1, piece, route);
      voice.finish(1);
      await world.until('voice.done');
      expect(toldBy(world)).toBe(PIECES.join('').replace(/\s/g, ''));
      const sound = world.all('voice.audio');
      const lengthMs = sound.reduce((sum, { pcm }) => sum + pcm.byteLength, 0) / (config().sampleRate / 500);
      let fromMs = 0;
      for (const { pcm, alignment } of sound) {
        for (const endMs of alignment?.endMs ?? []) expect(fromMs + endMs).toBeLessThan(lengthMs + 100);
        fromMs += pcm.byteLength / (config().sampleRate / 500);
      }
      world.end(voice);
    },
  );

  it('learns a line, which then sounds at once and as a whole', async () => {
    const { world, voice } = start();
    voice.learn([FILLER]);
    await world.until('voice.ready');
    voice.say(1, FILLER, 'phrase');
    voice.finish(1);
    expect(world.all('voice.done')).toHaveLength(1);
    expect(toldBy(world)).toBe(FILLER.replace(/\s/g, ''));
    world.end(voice);
  });

  it('speaks a fixed line before the other text of its reply', async () => {
    const { world, voice } = start();
    voice.prepare();
    voice.say(1, FILLER, 'phrase');
    for (const piece of PIECES) voice.say(1, piece, 'socket');
    voice.finish(1);
    await world.until('voice.done');
    expect(toldBy(world)).toBe([FILLER, ...PIECES].join('').replace(/\s/g, ''));
    expect(world.news.at(-1)).toEqual({ type: 'voice.done', reply: 1 });
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
    ['phrase', { apiKey: 'bad-key' }, 'refused'],
    ['socket', { voiceId: 'nobody' }, 'unknown-voice'],
    ['http', { voiceId: 'nobody' }, 'unknown-voice'],
    ['phrase', { voiceId: 'nobody' }, 'unknown-voice'],
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

function toldBy(world: World): string {
  const told = world.all('voice.audio').flatMap(({ alignment }) => alignment?.characters ?? []);
  return told.join('').replace(/\s/g, '');
}

describe('the contract of the voice: local', () => {
  let providers: Providers;
  let config: SynthesiserConfig;
  beforeAll(async () => {
    const local = await localVendors();
    providers = local.providers;
    providers.script = { synthesiser: SCRIPT };
    config = local.config.synthesiser;
  });
  afterAll(() => providers.close());

  contract(() => config);

  describe('and fixed lines', () => {
    let shelf: PhraseShelf;
    beforeEach(() => {
      providers.log.clear();
      shelf = new PhraseShelf(SHELF_BYTES);
    });
    afterEach(() => {
      providers.revive('elevenlabs');
      providers.script = { synthesiser: SCRIPT };
    });

    /** The voice of one more call in the same isolate. */
    function call() {
      const world = new World();
      const phrases = new Phrases(shelf, undefined);
      const voice = new ElevenLabs(config, config.voices[0].id, 'en-US', world.around, phrases);
      return { world, voice: world.run(voice) };
    }
    const requests = () => providers.log.entries.filter(({ kind }) => kind === 'request').length;

    it('are rendered once for two calls', async () => {
      for (let each = 0; each < 2; each++) {
        const { world, voice } = call();
        voice.say(1, FILLER, 'phrase');
        voice.finish(1);
        await world.until('voice.done');
        expect(toldBy(world)).toBe(FILLER.replace(/\s/g, ''));
        world.end(voice);
      }
      expect(requests()).toBe(1);
      expect(providers.log.invalid).toEqual([]);
    });

    it('sound while the synthesiser is down', async () => {
      const first = call();
      first.voice.learn([FILLER, ...PIECES]);
      await first.world.until('voice.ready', 3);
      first.world.end(first.voice);
      providers.kill('elevenlabs');
      const { world, voice } = call();
      voice.say(1, FILLER, 'phrase');
      voice.finish(1);
      expect(world.news.at(-1)).toEqual({ type: 'voice.done', reply: 1 });
      const bytes = world.all('voice.audio').reduce((sum, { pcm }) => sum + pcm.byteLength, 0);
      expect(bytes).toBe((FILLER.length * SCRIPT.msPerChar * config.sampleRate * 2) / 1000);
      voice.say(2, 'What nobody has learnt.', 'phrase');
      await expect(world.until('voice.done', 2)).rejects.toThrow('voice.failed');
      world.end(voice);
    });

    it('come first even when they come last', async () => {
      providers.script = { synthesiser: { ...SCRIPT, chunkMs: 20, paceMs: 30 } };
      const { world, voice } = call();
      voice.prepare();
      voice.say(1, FILLER, 'phrase');
      await world.until('voice.audio');
      providers.script = { synthesiser: SCRIPT };
      voice.say(1, PIECES.join(' '), 'socket');
      voice.finish(1);
      await world.until('voice.done');
      expect(toldBy(world)).toBe([FILLER, ...PIECES].join('').replace(/\s/g, ''));
      const bytes = world.all('voice.audio').reduce((sum, { pcm }) => sum + pcm.byteLength, 0);
      // The vendor ends what the socket is sent with a space, which sounds as well.
      const characters = FILLER.length + PIECES.join(' ').length + 1;
      expect(bytes).toBe((characters * SCRIPT.msPerChar * config.sampleRate * 2) / 1000);
      world.end(voice);
    });
  });
});

describe.runIf(hasKey('ELEVENLABS_API_KEY'))('the contract of the voice: live', () => {
  contract(() => liveConfig().synthesiser);
});
