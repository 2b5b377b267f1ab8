import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesFromInt16, durationMs } from '../../../src/audio/pcm.ts';
import type { RecogniserConfig } from '../../../src/config.ts';
import { createFlite } from '../../../src/local/engines/flite/flite.ts';
import type { Providers } from '../../../src/local/server.ts';
import { Deepgram } from '../../../src/providers/deepgram.ts';
import { loud } from '../../support/client.ts';
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
    return { world, recogniser: world.run(new Deepgram(options, 0, world.around)) };
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
