import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import { WireClient, type WireFrame } from '../../support/client.ts';
import { localVariables } from '../../support/worker.ts';
import { WranglerDev } from '../../support/wrangler-dev.ts';
import { converse, fast, heardOut, longWinded, untilAck, utteranceOf } from '../protocol/stage.ts';

/** How long wrangler may take to start twice, in ms. */
const STARTS_MS = 150_000;

describe('`wrangler dev`, killed in mid-call and started again', () => {
  let providers: Providers;
  let dev: WranglerDev;
  /** A caller who had asked something and heard the answer when the process died. */
  let listening: WireClient;
  /** A caller to whom the agent was speaking. */
  let spokenTo: WireClient;

  beforeAll(async () => {
    providers = await startProviders({ mode: 'scripted', script: fast });
    dev = await WranglerDev.open(localVariables(providers.url));
    listening = await greeted();
    await heardOut(listening, await converse(listening, 'How much is it?'));
    // What is being stored holds this answer back, so with it everything is stored.
    await untilAck(listening);
    spokenTo = await greeted();
    providers.script = longWinded;
    const from = spokenTo.frames.length;
    spokenTo.send('voicechat.text.input', { text: 'How much is it?' });
    await spokenTo.next('voicechat.response.chunk', from);
    await untilAck(spokenTo);
    await dev.kill();
    await Promise.all([listening.end(), spokenTo.end()]);
    providers.script = fast;
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

  it('lets a caller come back to the same call, which remembers what was said before', async () => {
    const { back, ack } = await cameBack(listening);
    expect(ack.sessionId).toBe(listening.sessionId);
    expect(ack.payload).toMatchObject({ resumed: true, resumeToken: tokenOf(listening) });
    back.send('voicechat.audio.start', { samplingRate: 16_000 });
    await heardOut(back, await converse(back, 'And for a year?'));
    expect(lastQuestion(providers).slice(-3)).toEqual([
      { role: 'user', content: 'How much is it?' },
      { role: 'assistant', content: 'It is ten dollars a month.' },
      { role: 'user', content: 'And for a year?' },
    ]);
    back.send('voicechat.call.end');
    expect(await back.end()).toMatchObject({ code: 1000 });
  });

  it('says again what a caller did not get to hear', async () => {
    const lost = utteranceOf(spokenTo.all('voicechat.response.start').at(-1) as WireFrame); // it has spoken
    const { back } = await cameBack(spokenTo);
    back.send('voicechat.playback.progress', { utteranceId: lost, playedMs: 0, receivedMs: 0 });
    back.send('voicechat.audio.start', { samplingRate: 16_000 });
    const again = await back.next(
      (frame) => frame.eventType === 'voicechat.response.complete' && utteranceOf(frame) !== lost,
    );
    const said = back
      .all('voicechat.response.text')
      .filter((frame) => utteranceOf(frame) === utteranceOf(again));
    expect(said.map(({ payload }) => payload['text']).join(' ')).toBe(
      'Sorry, the line dropped for a moment. It is ten dollars a month.',
    );
    back.send('voicechat.call.end');
    await back.end();
  });

  /** Another connection to the call of a client whose connection was lost. */
  async function cameBack(client: WireClient): Promise<{ back: WireClient; ack: WireFrame }> {
    // Acks have the ids of their requests.
    const after = client.frames.findLast((frame) => frame.payload['success'] !== true)?.eventId;
    const query = `session=${client.sessionId}&resume=${tokenOf(client)}&after=${after}`;
    const back = await WireClient.open(`${dev.socketUrl}?${query}`);
    return { back, ack: await back.next('connection.ack') };
  }
});

function tokenOf(client: WireClient): string {
  return String(client.frames[0]?.payload['resumeToken']);
}

/** The messages of the last request to the model. */
function lastQuestion(providers: Providers): readonly unknown[] {
  const asked = providers.log.entries.findLast(
    (entry) => entry.provider === 'openai' && entry.kind === 'request' && entry.body !== undefined,
  );
  // The scripted model refuses bodies without messages.
  return asked?.kind === 'request' ? (asked.body as { messages: readonly unknown[] }).messages : [];
}
