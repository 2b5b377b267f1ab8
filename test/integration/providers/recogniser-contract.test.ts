import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesFromInt16, durationMs } from '../../../src/audio/pcm.ts';
import type { RecogniserConfig } from '../../../src/config.ts';
import type { CallEvent } from '../../../src/conversation/events.ts';
import { createFlite } from '../../../src/local/engines/flite/flite.ts';
import type { Providers } from '../../../src/local/server.ts';
import { Deepgram } from '../../../src/providers/deepgram/deepgram.ts';
import { loud, quiet } from '../../support/client.ts';
import { hasKey, liveConfig, localVendors, World } from './vendors.ts';

const SENTENCE = 'How much does it cost?';
const CHUNK_MS = 20;

interface Vendor {
  readonly config: RecogniserConfig;
  readonly speech: Uint8Array;
  /** From one chunk of audio to the next, in ms. */
  readonly paceMs: number;
}

function contract(vendor: () => Vendor, model: string): void {
  function open(apiKey = vendor().config.apiKey) {
    const world = new World();
    const options = { ...vendor().config, apiKey, model, samplingRate: 16_000, language: 'en-US' };
    return { world, recogniser: world.run(new Deepgram(options, world.around)) };
  }

  it('opens, hears words as they come, and says which they were when asked', async () => {
    const { world, recogniser } = open();
    await world.until('recogniser.open');
    const { speech, paceMs } = vendor();
    const bytes = CHUNK_MS * 32;
    for (let at = 0; at < speech.byteLength; at += bytes) {
      recogniser.audio(speech.subarray(at, at + bytes));
      if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
    recogniser.finalize();
    await world.until('recogniser.interim');
    await world.until('recogniser.final');
    const [final] = world.all('recogniser.final');
    expect(final?.text).toMatch(/how much/i);
    expect(final?.endMs).toBeGreaterThan(0);
    expect(final?.endMs).toBeLessThanOrEqual(durationMs(speech.byteLength, 16_000));
    const heard = world.news.length;
    world.end(recogniser);
    expect(world.news.slice(0, 1)).toEqual([{ type: 'recogniser.open' }]);
    expect(world.news).toHaveLength(heard);
    expect(recogniser.deadline).toBeUndefined();
  });

  it('refuses a wrong key for good', async () => {
    const { world, recogniser } = open('bad-key');
    await world.until('recogniser.failed');
    expect(world.all('recogniser.failed')).toMatchObject([
      { failure: { kind: 'refused', retryable: false, detail: expect.stringContaining('401') } },
    ]);
    world.end(recogniser);
  });
}

describe('the contract of the recogniser: local', () => {
  let providers: Providers;
  let vendor: Vendor;
  beforeAll(async () => {
    const local = await localVendors();
    providers = local.providers;
    providers.script = { recogniser: { utterances: [{ text: SENTENCE }], finalDelayMs: 60_000 } };
    vendor = { config: local.config.recogniser, speech: loud(1500), paceMs: 0 };
  });
  afterAll(() => providers.close());

  describe('nova', () => contract(() => vendor, 'nova-3'));
  describe('flux', () => contract(() => vendor, 'flux-general-en'));
});

describe('a probable end of the turn: local', () => {
  const WORDS = 'I would like to know the price, please.';
  let providers: Providers;
  let config: RecogniserConfig;
  beforeAll(async () => {
    const local = await localVendors();
    providers = local.providers;
    config = local.config.recogniser;
  });
  beforeEach(() => {
    const utterances = [{ text: WORDS, wordsBeforePause: 3 }];
    providers.script = { recogniser: { utterances, finalDelayMs: 800, eagerLeadMs: 700 } };
  });
  afterAll(() => providers.close());

  async function open(model: string, changes: Partial<RecogniserConfig> = {}) {
    const world = new World();
    const options = { ...config, ...changes, model, samplingRate: 16_000, language: 'en-US' };
    const recogniser = world.run(new Deepgram(options, world.around));
    await world.until('recogniser.open');
    const say = () => {
      recogniser.audio(loud(600));
      recogniser.audio(quiet(300));
    };
    const told = (...types: CallEvent['type'][]) =>
      world.news.flatMap((event) =>
        types.includes(event.type) ? [`${event.type} ${'text' in event ? event.text : ''}`.trim()] : [],
      );
    return { world, recogniser, say, told };
  }

  it.each(['nova-3', 'flux-general-en'])(
    'comes before the sure one, with the same words (%s)',
    async (model) => {
      providers.script = {
        recogniser: { utterances: [{ text: WORDS }], finalDelayMs: 300, eagerLeadMs: 200 },
      };
      const { world, recogniser, say, told } = await open(model);
      say();
      await world.until('recogniser.final');
      const ends = ['recogniser.eager', 'recogniser.resumed', 'recogniser.final'] as const;
      expect(told(...ends)).toEqual([`recogniser.eager ${WORDS}`, `recogniser.final ${WORDS}`]);
      const interims = told('recogniser.interim');
      expect(interims.at(-1)).toBe(`recogniser.interim ${WORDS}`);
      expect(new Set(interims).size).toBe(interims.length);
      world.end(recogniser);
    },
  );

  it('is taken back by Flux when the caller goes on, and comes again', async () => {
    const { world, recogniser, say, told } = await open('flux-general-en');
    say();
    await world.until('recogniser.eager');
    say();
    await world.until('recogniser.final');
    expect(told('recogniser.eager', 'recogniser.resumed', 'recogniser.final')).toEqual([
      'recogniser.eager I would like',
      'recogniser.resumed',
      `recogniser.eager ${WORDS}`,
      `recogniser.final ${WORDS}`,
    ]);
    world.end(recogniser);
  });

  it('is followed by further words of Nova when the caller goes on, and comes again', async () => {
    const { world, recogniser, say, told } = await open('nova-3');
    say();
    await world.until('recogniser.eager');
    say();
    await world.until('recogniser.final');
    const news = told('recogniser.interim', 'recogniser.eager', 'recogniser.resumed', 'recogniser.final');
    const paused = news.indexOf('recogniser.eager I would like');
    expect(news[paused - 1]).toBe('recogniser.interim I would like');
    expect(news[paused + 1]).toMatch(/^recogniser.interim I would like to/);
    expect(news.slice(-2)).toEqual([`recogniser.eager ${WORDS}`, `recogniser.final ${WORDS}`]);
    expect(news.filter((line) => line.startsWith('recogniser.eager'))).toHaveLength(2);
    world.end(recogniser);
  });

  it.each(['nova-3', 'flux-general-en'])('is not told without speculation (%s)', async (model) => {
    providers.script = { recogniser: { utterances: [{ text: WORDS }], finalDelayMs: 300, eagerLeadMs: 200 } };
    const { world, recogniser, say, told } = await open(model, { eagerEotThreshold: undefined });
    say();
    await world.until('recogniser.final');
    expect(told('recogniser.eager', 'recogniser.resumed', 'recogniser.final')).toEqual([
      `recogniser.final ${WORDS}`,
    ]);
    world.end(recogniser);
  });
});

describe.runIf(hasKey('DEEPGRAM_API_KEY'))('the contract of the recogniser: live', () => {
  let vendor: Vendor;
  beforeAll(async () => {
    const flite = await createFlite();
    const { samples } = await flite.speak({ text: SENTENCE, voice: 'slt', speed: 1 });
    await flite.close();
    vendor = { config: liveConfig().recogniser, speech: bytesFromInt16(samples), paceMs: CHUNK_MS };
  });

  describe('nova', () => contract(() => vendor, 'nova-3'));
  describe('flux', () => contract(() => vendor, 'flux-general-en'));
});
