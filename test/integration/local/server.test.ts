import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Providers, type ScriptedOptions, startProviders } from '../../../src/local/server.ts';
import { Client } from './client.ts';
import { freePort } from './port.ts';

const LISTEN = '/deepgram/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&smart_format=true';
const TOKEN = { headers: { authorization: 'Token secret-key' } };
const MAIN = fileURLToPath(new URL('../../../src/local/main.ts', import.meta.url));

let providers: Providers;
afterEach(() => providers?.close());

async function start(options: Partial<ScriptedOptions> = {}): Promise<void> {
  providers = await startProviders({ mode: 'scripted', warn: () => undefined, ...options });
}

const hear = (...texts: string[]) => ({ utterances: texts.map((text) => ({ text })), finalDelayMs: 5 });

async function heard(client: Client): Promise<unknown> {
  const final = await client.take((frame) => frame['is_final'] === true);
  const { alternatives } = final['channel'] as { alternatives: { transcript: string }[] };
  return alternatives[0]?.transcript;
}

describe('the local providers', () => {
  it('tell their health, mode, engines and versions', async () => {
    await start();
    expect(await (await fetch(`${providers.url}/health`)).json()).toMatchObject({
      status: 'ok',
      mode: 'scripted',
      engines: { recogniser: 'scripted', model: 'scripted', synthesiser: 'scripted' },
      versions: { node: process.versions.node, vantum: expect.stringMatching(/^\d+\./) },
    });
    expect((await fetch(`${providers.url}/nothing`)).status).toBe(404);
  });

  it('kill cuts and refuses one provider only, and revive brings it back', async () => {
    await start();
    const client = await Client.open(providers.url + LISTEN, TOKEN);
    providers.kill('deepgram');
    await expect(client.closed).resolves.toMatchObject({ code: 1006 });
    await expect(Client.open(providers.url + LISTEN, TOKEN)).rejects.toThrow();
    await expect(fetch(`${providers.url}/deepgram/v1/auth/grant`)).rejects.toThrow();
    expect(
      (await fetch(`${providers.url}/elevenlabs/v1/models`, { headers: { 'xi-api-key': 'k' } })).status,
    ).toBe(200);
    providers.revive('deepgram');
    await Client.open(providers.url + LISTEN, TOKEN);
  });

  it('kill cuts a response that is being streamed', async () => {
    await start({ script: { model: { replies: ['word '.repeat(500)], firstTokenMs: 0 } } });
    const response = await fetch(`${providers.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer k' },
      body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    const reader = response.body?.getReader();
    await reader?.read();
    providers.kill('openai');
    const drained = async () => {
      while (!(await reader?.read())?.done);
    };
    await expect(drained()).rejects.toThrow();
  });

  it('reject a port that is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await expect(startProviders({ mode: 'scripted', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    blocker.close();
  });

  it('record what clients send, and no key', async () => {
    await start();
    const client = await Client.open(`${providers.url}${LISTEN}&access_token=secret-token`, TOKEN);
    client.speak(4);
    client.send({ type: 'KeepAlive' });
    client.send({ type: 'CloseStream' });
    await client.closed;
    await providers.log.waitFor((entry) => entry.kind === 'close');
    expect(providers.log.entries).toMatchObject([
      {
        kind: 'upgrade',
        provider: 'deepgram',
        connection: 1,
        path: expect.stringContaining('/deepgram/v1/listen'),
      },
      { kind: 'open' },
      { kind: 'audio', frames: 4, bytes: 4 * 3_200 },
      { kind: 'text', frame: { type: 'KeepAlive' } },
      { kind: 'text', frame: { type: 'CloseStream' } },
      { kind: 'close', code: 1000 },
    ]);
    expect(JSON.stringify(providers.log.entries)).not.toMatch(/secret/);
    providers.log.clear();
    expect(providers.log.entries).toEqual([]);
  });

  it('warn of a frame that breaks the schema, without its content', async () => {
    const lines: string[] = [];
    await start({ warn: (line) => lines.push(line) });
    const client = await Client.open(providers.url + LISTEN, TOKEN);
    client.send({ type: 'KeepAlive', text: 'private words' });
    await client.closed;
    expect(lines).toEqual([
      expect.stringContaining('deepgram connection 1: a client message breaks the schema'),
    ]);
    expect(lines[0]).not.toContain('private');
  });
});

describe('a script', () => {
  it('names every field that is wrong', async () => {
    // The types forbid it; a script may also come over HTTP.
    const script = { recogniser: { finalDelayMs: -1 }, model: { replies: [] }, colour: 1 } as object;
    await expect(startProviders({ mode: 'scripted', script })).rejects.toThrow(
      /recogniser\.finalDelayMs: .*; model\.replies: .*; colour: /,
    );
  });

  it('may be changed in place and anew while a connection is open', async () => {
    await start({ script: { recogniser: hear('One.', 'Two.') } });
    const client = await Client.open(providers.url + LISTEN, TOKEN);
    client.speak(3);
    expect(await heard(client)).toBe('One.');
    providers.script = { recogniser: hear('Three.') };
    client.speak(3);
    expect(await heard(client)).toBe('Three.');
    providers.script.recogniser.utterances.push({ text: 'Four.' });
    client.speak(3);
    expect(await heard(client)).toBe('Four.');
  });

  it('gives an utterance back when its connection dies before the final', async () => {
    await start({ script: { recogniser: { ...hear('One.', 'Two.'), finalDelayMs: 60_000 } } });
    const dying = await Client.open(providers.url + LISTEN, TOKEN);
    dying.speak(3);
    await providers.log.waitFor((entry) => entry.kind === 'audio' && entry.frames === 3);
    dying.socket.terminate();
    await providers.log.waitFor((entry) => entry.kind === 'close');
    providers.script.recogniser.finalDelayMs = 5;
    const next = await Client.open(providers.url + LISTEN, TOKEN);
    next.speak(3);
    expect(await heard(next)).toBe('One.');
  });

  it('plays to all connections together or to each from the start', async () => {
    await start({ script: { recogniser: hear('One.', 'Two.') } });
    const first = await Client.open(providers.url + LISTEN, TOKEN);
    first.speak(3);
    expect(await heard(first)).toBe('One.');
    const second = await Client.open(providers.url + LISTEN, TOKEN);
    second.speak(3);
    expect(await heard(second)).toBe('Two.');
    providers.script = { recogniser: { ...hear('One.', 'Two.'), scope: 'connection' } };
    for (let i = 0; i < 2; i += 1) {
      const own = await Client.open(providers.url + LISTEN, TOKEN);
      own.speak(3);
      expect(await heard(own)).toBe('One.');
    }
  });

  it('hears silence below the loudness of speech and after the last line', async () => {
    await start({ script: { recogniser: { ...hear('One.'), repeat: false } } });
    const client = await Client.open(providers.url + LISTEN, TOKEN);
    client.speak(3, { loudness: 499 });
    client.speak(3, { loudness: 500 });
    expect(await heard(client)).toBe('One.');
    client.speak(3);
    expect(await heard(client)).toBe('');
  });

  it('holds the final back by finalDelayMs from the last frame of speech', async () => {
    await start({ script: { recogniser: { ...hear('One.'), finalDelayMs: 80 } } });
    const client = await Client.open(providers.url + LISTEN, TOKEN);
    client.speak(3);
    const spokeAt = performance.now();
    await heard(client);
    expect(performance.now() - spokeAt).toBeGreaterThanOrEqual(75);
  });
});

describe('control over HTTP', () => {
  const put = (script: object) =>
    fetch(`${providers.url}/script`, { method: 'PUT', body: JSON.stringify(script) });

  it('is closed unless asked for', async () => {
    await start();
    expect((await put({})).status).toBe(404);
    expect((await fetch(`${providers.url}/log`)).status).toBe(404);
  });

  it('sets the script and says what is wrong with one', async () => {
    await start({ control: true });
    expect((await put({ recogniser: hear('Set over HTTP.') })).status).toBe(200);
    const client = await Client.open(providers.url + LISTEN, TOKEN);
    client.speak(3);
    expect(await heard(client)).toBe('Set over HTTP.');
    const wrong = await put({ model: { firstTokenMs: 'soon' } });
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      { error: expect.stringContaining('model.firstTokenMs') },
    ]);
    expect(await (await fetch(`${providers.url}/script`)).json()).toMatchObject({
      model: { firstTokenMs: 450 },
    });
  });

  it('reads and clears the log, strikes, kills and revives', async () => {
    await start({ control: true });
    const client = await Client.open(providers.url + LISTEN, TOKEN);
    expect(await (await fetch(`${providers.url}/log`)).json()).toMatchObject([
      { kind: 'upgrade' },
      { kind: 'open' },
    ]);
    await fetch(`${providers.url}/log`, { method: 'DELETE' });
    const fault = JSON.stringify({ provider: 'deepgram', kind: 'close', code: 1013 });
    expect((await fetch(`${providers.url}/strike`, { method: 'POST', body: fault })).status).toBe(200);
    await expect(client.closed).resolves.toMatchObject({ code: 1013 });
    await fetch(`${providers.url}/kill/deepgram`, { method: 'POST' });
    await expect(Client.open(providers.url + LISTEN, TOKEN)).rejects.toThrow();
    await fetch(`${providers.url}/revive/deepgram`, { method: 'POST' });
    await Client.open(providers.url + LISTEN, TOKEN);
    expect((await fetch(`${providers.url}/kill/nobody`, { method: 'POST' })).status).toBe(404);
  });
});

describe('npm run providers', () => {
  /** Runs it; port 0 cannot be set, so a free port is taken first. */
  async function run(environment: Record<string, string>, ...args: string[]) {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output }));
    return { child, ended };
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'says where it listens and stops cleanly at %s with a call open',
    async (signal) => {
      const port = String(await freePort());
      const { child, ended } = await run({ PROVIDERS_PORT: port }, '--scripted');
      await once(child.stdout, 'data');
      const client = await Client.open(`http://127.0.0.1:${port}${LISTEN}`, TOKEN);
      client.speak(3);
      child.kill(signal);
      const { code, output } = await ended;
      expect(code).toBe(0);
      expect(output).toContain(`http://127.0.0.1:${port}/deepgram`);
      expect(output).toContain('a script');
    },
  );

  it.each([
    [{ PROVIDERS_PORT: 'many' }, ['--scripted'], /PROVIDERS_PORT: .*1 to 65535.*"many"/],
    [{ PROVIDERS_SCRIPTED: 'perhaps' }, [], /PROVIDERS_SCRIPTED: 1, true, 0 or false/],
    [{}, ['--colour'], /Usage/],
  ])('says what is wrong with %j %j', async (environment, args, message) => {
    const { ended } = await run(environment as Record<string, string>, ...args);
    const { code, output } = await ended;
    expect(code).toBe(1);
    expect(output).toMatch(message);
    expect(output).not.toContain('    at ');
  });

  it('says that its port is taken', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const address = blocker.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { ended } = await run({ PROVIDERS_PORT: String(port) }, '--scripted');
    const { code, output } = await ended;
    blocker.close();
    expect(code).toBe(1);
    expect(output).toContain(`port ${port} on 127.0.0.1 is taken`);
  });
});
