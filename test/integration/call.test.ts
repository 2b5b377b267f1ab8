import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Providers, startProviders } from '../../src/local/server.ts';
import { loud, quiet, WireClient } from '../support/client.ts';
import { localVariables, type RunningWorker, startWorker } from '../support/worker.ts';

let providers: Providers;
let worker: RunningWorker;
beforeAll(async () => {
  providers = await startProviders({ port: 0, mode: 'scripted' });
  worker = await startWorker(localVariables(providers.url));
});
afterAll(async () => {
  await worker.close();
  await providers.close();
});
beforeEach(() => {
  providers.script = fast;
});

const fast = {
  recogniser: { utterances: [{ text: 'How much does it cost?' }], finalDelayMs: 20 },
  model: {
    replies: ['It is ten dollars a month. Would that work for you?'],
    firstTokenMs: 20,
    tokensPerSecond: 500,
  },
  synthesiser: { firstAudioMs: 10, msPerChar: 5, paceMs: 1 },
};

describe('a call', () => {
  it('greets, hears, answers', async () => {
    const client = await WireClient.open(`${worker.socketUrl}/ws`);
    await client.start();
    const greeting = await client.next('voicechat.response.complete');
    client.audio(loud(600));
    client.audio(quiet(200));
    const final = await client.next('voicechat.transcript.final');
    expect(final.payload['text']).toBe('How much does it cost?');
    await client.next(
      (frame) =>
        frame.eventType === 'voicechat.response.complete' &&
        frame.payload['utteranceId'] !== greeting.payload['utteranceId'],
    );
    client.close();
    await client.end();
  });
});
