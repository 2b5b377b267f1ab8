import { DeepgramClient } from '@deepgram/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { type Providers, startProviders } from '../../../src/local/server.ts';

let providers: Providers;
afterEach(() => providers.close());

function sdk(apiKey: string): DeepgramClient {
  const base = `${providers.url}/deepgram`;
  const socket = base.replace('http', 'ws');
  return new DeepgramClient({
    apiKey,
    environment: { base, production: socket, agent: socket, agentRest: base },
  });
}

const loud = () => new Uint8Array(new Int16Array(1_600).fill(3000).buffer);

async function start(): Promise<void> {
  const recogniser = {
    utterances: [{ text: 'Hello there, who is this?' }],
    finalDelayMs: 20,
    finishDelayMs: 1,
  };
  providers = await startProviders({ mode: 'scripted', script: { recogniser } });
}

describe('the official Deepgram SDK', () => {
  it('transcribes over v1: interims, final, Finalize, KeepAlive, CloseStream', async () => {
    await start();
    const socket = await sdk('any-key').listen.v1.connect({
      model: 'nova-3',
      encoding: 'linear16',
      sample_rate: 16_000,
      interim_results: 'true',
      smart_format: 'true',
      keyterm: ['Acme Co', 'Foo'],
      reconnectAttempts: 0,
    });
    const types: string[] = [];
    const finals: string[] = [];
    const ended = new Promise<number>((resolve, reject) => {
      socket.on('message', (message) => {
        types.push(String(message.type));
        if (message.type !== 'Results' || !message.is_final) return;
        finals.push(message.channel.alternatives[0]?.transcript ?? '');
        socket.sendKeepAlive({ type: 'KeepAlive' });
        socket.sendCloseStream({ type: 'CloseStream' });
      });
      socket.on('close', ({ code }) => resolve(code));
      socket.on('error', reject);
    });
    socket.connect();
    await socket.waitForOpen();
    for (let i = 0; i < 8; i += 1) socket.sendMedia(loud());
    socket.sendFinalize({ type: 'Finalize' });
    expect(await ended).toBe(1000);
    expect(finals).toEqual(['Hello there, who is this?']);
    expect(types.at(-1)).toBe('Metadata');
    const opened = providers.log.entries.find((entry) => entry.kind === 'open');
    expect(opened).toMatchObject({ path: expect.stringContaining('keyterm=Acme+Co&keyterm=Foo') });
    expect(providers.log.invalid).toEqual([]);
  });

  it('follows turns over v2: Connected, Configure, EndOfTurn, ForceEndTurn, CloseStream', async () => {
    await start();
    const socket = await sdk('any-key').listen.v2.connect({
      model: 'flux-general-en',
      encoding: 'linear16',
      sample_rate: 16_000,
      reconnectAttempts: 0,
    });
    const told: string[] = [];
    const ended = new Promise<number>((resolve, reject) => {
      socket.on('message', (message) => {
        told.push('event' in message ? String(message.event) : String(message.type));
        if (message.type === 'Connected')
          socket.sendConfigure({ type: 'Configure', thresholds: { eot_threshold: 0.8 } });
        if (message.type === 'ConfigureSuccess') for (let i = 0; i < 8; i += 1) socket.sendMedia(loud());
        if (!('event' in message) || message.event !== 'EndOfTurn') return;
        socket.sendForceEndTurn({ type: 'ForceEndTurn' });
        socket.sendCloseStream({ type: 'CloseStream' });
      });
      socket.on('close', ({ code }) => resolve(code));
      socket.on('error', reject);
    });
    socket.connect();
    await socket.waitForOpen();
    expect(await ended).toBe(1005);
    expect(told.slice(0, 3)).toEqual(['Connected', 'ConfigureSuccess', 'StartOfTurn']);
    expect(told).toContain('EndOfTurn');
    expect(told.at(-1)).toBe('Warning');
    expect(providers.log.invalid).toEqual([]);
  });

  it('is refused with 401 for a bad key', async () => {
    await start();
    const socket = await sdk('bad-key').listen.v1.connect({ model: 'nova-3', reconnectAttempts: 0 });
    const failure = new Promise<Error>((resolve) => socket.on('error', resolve));
    socket.connect();
    await expect(socket.waitForOpen()).rejects.toBeDefined();
    expect((await failure).message).toContain('401');
  });

  it('is granted a short-lived token', async () => {
    await start();
    const granted = await sdk('any-key').auth.v1.tokens.grant({ ttl_seconds: 60 });
    expect(granted).toMatchObject({ access_token: expect.any(String), expires_in: 60 });
  });
});
