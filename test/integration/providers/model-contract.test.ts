import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../../src/config.ts';
import type { Message } from '../../../src/conversation/events.ts';
import { agentReply } from '../../../src/local/agent/agent.ts';
import type { Providers } from '../../../src/local/server.ts';
import { defaultPlaybook } from '../../../src/outreach/northgate.ts';
import { END_CALL, spokenLine, systemPrompt } from '../../../src/outreach/prompt.ts';
import { OpenAIModel } from '../../../src/providers/openai/openai.ts';
import { hasKey, liveConfig, localVendors, World } from './vendors.ts';

const messages: readonly Message[] = [
  { role: 'system', content: 'You answer in one short sentence.' },
  { role: 'user', content: 'Which month comes after May?' },
];

const wrongNumber = 'I am sorry, you have the wrong number. Nobody of that name works here. Goodbye.';
const lastWords: readonly Message[] = [
  { role: 'system', content: systemPrompt(defaultPlaybook, { name: 'Sam' }) },
  { role: 'assistant', content: spokenLine(defaultPlaybook, { name: 'Sam' }, 'greeting') },
  { role: 'user', content: wrongNumber },
];

function contract(config: () => ModelConfig): void {
  function start(apiKey = config().apiKey) {
    const world = new World();
    return { world, model: world.run(new OpenAIModel({ ...config(), apiKey }, world.around)) };
  }

  it('answers in pieces of text, then is done, every time it is asked', async () => {
    const { world, model } = start();
    for (const ask of [1, 2]) {
      model.ask(ask, messages);
      await world.until('model.done', ask);
      const own = world.news.filter((event) => 'ask' in event && event.ask === ask);
      expect(own.at(-1)).toEqual({ type: 'model.done', ask });
      const text = own.map((event) => (event.type === 'model.text' ? event.text : '')).join('');
      expect(text.trim()).not.toBe('');
      expect(model.deadline).toBeUndefined();
    }
    world.end(model);
  });

  it('says goodbye and ends the call, once, in one answer', async () => {
    const { world, model } = start();
    model.ask(1, lastWords);
    await world.until('model.done');
    expect(world.all('model.end-call')).toEqual([
      { type: 'model.end-call', ask: 1, outcome: 'wrong-person' },
    ]);
    expect(world.news.slice(-2).map(({ type }) => type)).toEqual(['model.end-call', 'model.done']);
    expect(world.all('model.text').length).toBeGreaterThan(1);
    world.end(model);
  });

  it('does not end a call that goes on', async () => {
    const { world, model } = start();
    model.ask(1, [...lastWords.slice(0, 2), { role: 'user', content: 'Yes, what is it about?' }]);
    await world.until('model.done');
    expect(world.all('model.end-call')).toEqual([]);
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
    expect(world.news.slice(heard).every((event) => 'ask' in event && event.ask === 2)).toBe(true);
    world.end(model);
  });

  it('refuses a wrong key for good', async () => {
    const { world, model } = start('bad-key');
    model.ask(1, messages);
    await world.until('model.failed');
    expect(world.news).toMatchObject([
      { type: 'model.failed', ask: 1, failure: { kind: 'refused', retryable: false } },
    ]);
    world.end(model);
  });
}

function scriptedReply(asked: readonly { readonly role: string; readonly content: string }[]) {
  const { content, ending } = agentReply(asked);
  const call = { name: END_CALL, arguments: JSON.stringify({ outcome: ending }) };
  return { content, toolCalls: ending === undefined ? [] : [call] };
}

describe('the contract of the model: local', () => {
  let providers: Providers;
  let config: ModelConfig;
  beforeAll(async () => {
    const local = await localVendors();
    providers = local.providers;
    providers.script = { model: { replies: scriptedReply, firstTokenMs: 5, tokensPerSecond: 500 } };
    config = local.config.model;
  });
  afterAll(() => providers.close());

  contract(() => config);
});

describe.runIf(hasKey('OPENAI_API_KEY'))('the contract of the model: live', () => {
  contract(() => liveConfig().model);
});
