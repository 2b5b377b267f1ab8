import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../../src/config.ts';
import type { Message } from '../../../src/conversation/events.ts';
import type { Providers } from '../../../src/local/server.ts';
import { OpenAIModel } from '../../../src/providers/openai.ts';
import { hasKey, liveConfig, localVendors, World } from './vendors.ts';

const messages: readonly Message[] = [
  { role: 'system', content: 'You answer in one short sentence.' },
  { role: 'user', content: 'Which month comes after May?' },
];

function contract(config: () => ModelConfig): void {
  function start(apiKey = config().apiKey) {
    const world = new World();
    return { world, model: world.run(new OpenAIModel({ ...config(), apiKey }, world.around)) };
  }

  it('answers in pieces of text, then is done, every time it is asked', async () => {
    const { world, model } = start();
    for (const reply of [1, 2]) {
      model.ask(reply, messages);
      await world.until('model.done', reply);
      const own = world.news.filter((event) => 'reply' in event && event.reply === reply);
      expect(own.at(-1)).toEqual({ type: 'model.done', reply });
      const text = own.map((event) => (event.type === 'model.text' ? event.text : '')).join('');
      expect(text.trim()).not.toBe('');
      expect(model.deadline).toBeUndefined();
    }
    world.end(model);
  });

  it('says nothing more of a reply that was cancelled', async () => {
    const { world, model } = start();
    model.ask(1, messages);
    await world.until('model.text');
    const heard = world.news.length;
    model.cancel(1);
    model.ask(2, messages);
    await world.until('model.done');
    expect(world.news.slice(heard).every((event) => 'reply' in event && event.reply === 2)).toBe(true);
    world.end(model);
  });

  it('refuses a wrong key for good', async () => {
    const { world, model } = start('bad-key');
    model.ask(1, messages);
    await world.until('model.failed');
    expect(world.news).toMatchObject([
      { type: 'model.failed', reply: 1, failure: { kind: 'refused', retryable: false } },
    ]);
    world.end(model);
  });
}

describe('the contract of the model: local', () => {
  let providers: Providers;
  let config: ModelConfig;
  beforeAll(async () => {
    const local = await localVendors();
    providers = local.providers;
    providers.script = { model: { replies: ['June comes after May.'], firstTokenMs: 5 } };
    config = local.config.model;
  });
  afterAll(() => providers.close());

  contract(() => config);
});

describe.runIf(hasKey('OPENAI_API_KEY'))('the contract of the model: live', () => {
  contract(() => liveConfig().model);
});
