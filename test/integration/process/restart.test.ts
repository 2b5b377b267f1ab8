import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import { WireClient } from '../../support/client.ts';
import { localVariables } from '../../support/worker.ts';
import { WranglerDev } from '../../support/wrangler-dev.ts';
import { converse, fast, heardOut, untilAck } from '../protocol/stage.ts';

/** How long wrangler may take to start twice, in ms. */
const STARTS_MS = 150_000;

describe('`wrangler dev`, killed in mid-call and started again', () => {
  let providers: Providers;
  let dev: WranglerDev;
  /** A caller who had asked something and heard the answer when the process died. */
  let listening: WireClient;

  beforeAll(async () => {
    providers = await startProviders({ mode: 'scripted', script: fast });
    dev = await WranglerDev.open(localVariables(providers.url));
    listening = await greeted();
    await heardOut(listening, await converse(listening, 'How much is it?'));
    // What is being stored holds this answer back, so with it everything is stored.
    await untilAck(listening);
    await dev.kill();
    await listening.end();
    await dev.start();
  }, STARTS_MS);

  afterAll(async () => {
    await dev?.close();
    await providers?.close();
  });

  /** A call whose greeting was heard. */
  async function greeted(): Promise<WireClient> {
    const client = await WireClient.open(dev.socketUrl);
    await client.start();
    await heardOut(client, await client.next('voicechat.response.complete'));
    return client;
  }

  it('drops the caller without a closing handshake', () => {
    expect(listening.closed).toEqual({ code: 1006, reason: '' });
    expect(listening.all('voicechat.call.ended')).toEqual([]);
  });

  it('takes new calls', async () => {
    const client = await greeted();
    expect(client.sessionId).not.toBe(listening.sessionId);
    await converse(client);
    client.send('voicechat.call.end');
    expect(await client.end()).toMatchObject({ code: 1000 });
  });
});
