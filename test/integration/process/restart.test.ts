import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import { WireClient } from '../../support/client.ts';
import { localVariables } from '../../support/worker.ts';
import { WranglerDev } from '../../support/wrangler-dev.ts';
import { converse, fast, heardOut } from '../protocol/stage.ts';

/** How long wrangler may take to start, in ms. */
const START_MS = 90_000;

describe('`wrangler dev`, killed in mid-call', () => {
  let providers: Providers;
  let dev: WranglerDev;

  beforeAll(async () => {
    providers = await startProviders({ mode: 'scripted' });
    dev = await WranglerDev.open(localVariables(providers.url));
  }, START_MS);

  afterAll(async () => {
    await dev?.close();
    await providers?.close();
  });

  beforeEach(() => {
    providers.script = fast;
  });

  /** A call whose greeting was heard. */
  async function greeted(): Promise<WireClient> {
    const client = await WireClient.open(dev.socketUrl);
    await client.start();
    await heardOut(client, await client.next('voicechat.response.complete'));
    return client;
  }

  it(
    'drops the caller without a closing handshake, and the next process takes calls',
    async () => {
      const client = await greeted();
      await heardOut(client, await converse(client));
      const closed = client.end();
      await dev.kill();
      expect(await closed).toEqual({ code: 1006, reason: '' });
      expect(client.all('voicechat.call.ended')).toEqual([]);

      await dev.start();
      const next = await greeted();
      expect(next.sessionId).not.toBe(client.sessionId);
      await converse(next);
      next.send('voicechat.call.end');
      expect(await next.end()).toMatchObject({ code: 1000 });
    },
    START_MS,
  );
});
