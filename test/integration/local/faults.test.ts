import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Fault, FaultPlan, parseFault } from '../../../src/local/faults.ts';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import { now, until } from '../../../src/local/wire/clock.ts';
import { Client } from './client.ts';

const LISTEN = '/deepgram/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true';
const TURNS = '/deepgram/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000';
const TOKEN = { headers: { authorization: 'Token k' } };
const SPEECH = '/elevenlabs/v1/text-to-speech/slt';
const SPEECH_SOCKET = `${SPEECH}/multi-stream-input?output_format=pcm_16000`;
const XI = { headers: { 'xi-api-key': 'k' } };

let providers: Providers;
afterEach(() => providers.close());

async function start(...faults: Fault[]): Promise<void> {
  const script: ScriptInput = {
    recogniser: { finalDelayMs: 5 },
    model: { replies: ['One two three four five.'], firstTokenMs: 1, tokensPerSecond: 5_000 },
    synthesiser: { firstAudioMs: 1, paceMs: 0 },
    faults,
  };
  providers = await startProviders({ mode: 'scripted', script, warn: () => undefined });
}

const listen = () => Client.open(providers.url + LISTEN, TOKEN);
const sockets = { deepgram: [LISTEN, TOKEN], elevenlabs: [SPEECH_SOCKET, XI] } as const;

function chat(signal?: AbortSignal): Promise<Response> {
  const body = JSON.stringify({
    model: 'gpt-6-luna',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const headers = { authorization: 'Bearer k' };
  return fetch(`${providers.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers,
    body,
    ...(signal ? { signal } : {}),
  });
}

describe('faults before a socket is open', () => {
  it.each([
    ['deepgram', 402, { err_code: 'ASR_PAYMENT_REQUIRED' }],
    ['deepgram', 429, { err_code: 'TOO_MANY_REQUESTS' }],
    ['elevenlabs', 429, { detail: { code: 'too_many_concurrent_requests' } }],
  ] as const)('refuse: %s answers %i in its own words, and then recovers', async (provider, status, body) => {
    await start({ provider, kind: 'refuse', status });
    const [path, options] = sockets[provider];
    expect(await Client.refusal(providers.url + path, options)).toMatchObject({ status, body });
    await Client.open(providers.url + path, options);
  });

  it('refuse: takes its own code and message', async () => {
    await start({ provider: 'deepgram', kind: 'refuse', status: 503, code: 'BUSY', message: 'Later.' });
    const { body } = await Client.refusal(providers.url + LISTEN, TOKEN);
    expect(body).toMatchObject({ err_code: 'BUSY', err_msg: 'Later.' });
  });

  it('delay: answers the handshake no sooner than told', async () => {
    await start({ provider: 'deepgram', kind: 'delay', ms: 60 });
    const startedAt = performance.now();
    await listen();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
  });

  it('hang: never answers, until the provider is killed', async () => {
    await start({ provider: 'deepgram', kind: 'hang' });
    const hanging = listen();
    const failed = hanging.then(
      () => 'open',
      () => 'failed',
    );
    await providers.log.waitFor((entry) => entry.kind === 'upgrade');
    // A second connection is made and answered; the first still is not.
    await listen();
    expect(await Promise.race([failed, Promise.resolve('waiting')])).toBe('waiting');
    providers.kill('deepgram');
    expect(await failed).toBe('failed');
  });
});

describe('a client that gives up', () => {
  it('is no longer connected, though its handshake was never answered', async () => {
    await start({ provider: 'deepgram', kind: 'hang' });
    const socket = connect(Number(new URL(providers.url).port), '127.0.0.1');
    socket.write(`GET ${LISTEN} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    await providers.log.waitFor((entry) => entry.kind === 'upgrade');
    expect(providers.connected).toBe(1);
    socket.end();
    await vi.waitFor(() => expect(providers.connected).toBe(0), { timeout: 10_000 });
  });

  it('has opened nothing, when its handshake is answered too late', async () => {
    await start({ provider: 'deepgram', kind: 'delay', ms: 300 });
    const socket = connect(Number(new URL(providers.url).port), '127.0.0.1');
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Token k';
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    socket.write(`GET ${LISTEN} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n${key}\r\n\r\n`);
    await providers.log.waitFor((entry) => entry.kind === 'upgrade');
    socket.end();
    await vi.waitFor(() => expect(providers.connected).toBe(0), { timeout: 10_000 });
    expect(providers.log.entries.map(({ kind }) => kind)).toEqual(['upgrade']);
  });
});

describe('faults of an open socket', () => {
  it('close: with code and reason after so many client messages', async () => {
    await start({ provider: 'deepgram', kind: 'close', code: 1011, reason: 'gone', after: { received: 3 } });
    const client = await listen();
    client.silence(3);
    await expect(client.closed).resolves.toEqual({ code: 1011, reason: 'gone' });
  });

  it('drop: the connection goes away without a close frame, after some milliseconds', async () => {
    await start({ provider: 'deepgram', kind: 'drop', after: { ms: 20 } });
    await expect((await listen()).closed).resolves.toMatchObject({ code: 1006 });
  });

  it('stall: nothing comes any more, and the socket stays open', async () => {
    await start({ provider: 'deepgram', kind: 'stall', after: { sent: 1 } });
    const client = await listen();
    client.speak(9);
    await client.type('Results');
    client.send({ type: 'CloseStream' });
    await providers.log.waitFor(() => providers.log.frames('deepgram').length === 1);
    const healthy = await listen();
    healthy.send({ type: 'CloseStream' });
    await healthy.closed;
    expect(client.frames).toHaveLength(1);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('truncate: closes 1000 in the middle of the speech', async () => {
    await start({ provider: 'elevenlabs', kind: 'truncate', after: { sent: 2 } });
    const client = await Client.open(providers.url + SPEECH_SOCKET, XI);
    client.send({ text: 'Hello there. ', context_id: 'c', flush: true });
    await expect(client.closed).resolves.toMatchObject({ code: 1000 });
    expect(client.frames).toHaveLength(2);
    expect(client.frames.some((frame) => frame['isFinal'])).toBe(false);
  });

  it('garbage: sends one message that is no JSON, and goes on', async () => {
    await start({ provider: 'deepgram', kind: 'garbage', after: { sent: 1 } });
    const client = await Client.open(providers.url + TURNS, TOKEN);
    await client.take((frame) => frame['undecodable'] !== undefined);
    client.send({ type: 'ForceEndTurn' });
    await client.type('Warning');
  });

  it('late: everything arrives in order, no sooner than told', async () => {
    await start({ provider: 'elevenlabs', kind: 'late', ms: 50 });
    const client = await Client.open(providers.url + SPEECH_SOCKET, XI);
    const startedAt = performance.now();
    client.send({ text: 'Hello there. ', context_id: 'c', flush: true });
    client.send({ context_id: 'c', close_context: true });
    await client.take(() => true);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
    await client.take((frame) => frame['isFinal'] === true);
    expect(client.frames[0]).toMatchObject({ alignment: { chars: expect.any(Array) } });
    expect(client.frames.at(-1)).toMatchObject({ isFinal: true });
  });

  it.each([
    [
      TURNS,
      TOKEN,
      'deepgram',
      'INTERNAL_SERVER_ERROR',
      { type: 'Error', code: 'INTERNAL_SERVER_ERROR' },
      1011,
    ],
    [SPEECH_SOCKET, XI, 'elevenlabs', 'quota_exceeded', { error: 'quota_exceeded', code: 1008 }, 1008],
  ] as const)(
    'error: %s tells it in its own words and closes',
    async (path, options, provider, code, told, closeCode) => {
      await start({ provider, kind: 'error', code });
      const client = await Client.open(providers.url + path, options);
      await expect(client.closed).resolves.toMatchObject({ code: closeCode });
      expect(client.frames.at(-1)).toMatchObject(told);
    },
  );

  it('late: only what is sent after its moment', async () => {
    await start({ provider: 'elevenlabs', kind: 'late', ms: 50, after: { sent: 1 } });
    const client = await Client.open(providers.url + SPEECH_SOCKET, XI);
    client.send({ text: 'Hello there. ', context_id: 'c', flush: true });
    client.send({ context_id: 'c', close_context: true });
    await client.take(() => client.frames.length === 1);
    const startedAt = performance.now();
    await client.take((frame) => frame['isFinal'] === true);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(40);
  });

  it('strikes an open connection later, counted from the strike', async () => {
    await start();
    const client = await Client.open(providers.url + SPEECH_SOCKET, XI);
    client.send({ text: 'Hello there. ', context_id: 'a', flush: true });
    client.send({ context_id: 'a', close_context: true });
    await client.take((frame) => frame['isFinal'] === true);
    const before = client.frames.length;
    providers.strike({ provider: 'elevenlabs', kind: 'close', code: 1011, after: { sent: 2 } });
    client.send({ text: 'Hello there. ', context_id: 'b', flush: true });
    await expect(client.closed).resolves.toMatchObject({ code: 1011 });
    expect(client.frames.length - before).toBe(2);
  });

  it('strikes an open connection now', async () => {
    await start();
    const client = await listen();
    providers.strike({ provider: 'deepgram', kind: 'close', code: 1013 });
    await expect(client.closed).resolves.toMatchObject({ code: 1013 });
  });
});

describe('faults of an HTTP request', () => {
  it('drop and close: the connection is cut inside the body', async () => {
    await start(
      { provider: 'openai', kind: 'drop', after: { sent: 2 } },
      { provider: 'openai', kind: 'close', after: { sent: 2 }, when: 2 },
    );
    for (let i = 0; i < 2; i += 1) await expect((await chat()).text()).rejects.toThrow();
    await expect((await chat()).text()).resolves.toContain('[DONE]');
  });

  it('truncate: the body ends early and well-formed', async () => {
    await start({ provider: 'openai', kind: 'truncate', after: { sent: 3 } });
    const text = await (await chat()).text();
    expect(text.trim().split('\n\n')).toHaveLength(3);
    expect(text).not.toContain('[DONE]');
  });

  it('stall: headers and a beginning, then nothing until the client gives up', async () => {
    await start({ provider: 'openai', kind: 'stall', after: { sent: 1 } });
    const control = new AbortController();
    const response = await chat(control.signal);
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('"role":"assistant"');
    control.abort();
    await providers.log.waitFor((entry) => entry.kind === 'abort');
  });

  it('hang: no headers until the client gives up', async () => {
    await start({ provider: 'openai', kind: 'hang' });
    const control = new AbortController();
    const waiting = chat(control.signal).catch(() => 'gave up');
    await providers.log.waitFor((entry) => entry.kind === 'request');
    control.abort();
    expect(await waiting).toBe('gave up');
  });

  it('garbage, late and error strike inside the stream', async () => {
    await start(
      { provider: 'openai', kind: 'garbage', after: { sent: 1 } },
      { provider: 'openai', kind: 'late', ms: 40, when: 2 },
      { provider: 'openai', kind: 'error', code: 'server_error', after: { sent: 1 }, when: 3 },
    );
    const lines = (await (await chat()).text()).trim().split('\n\n');
    expect(() => JSON.parse(lines[1]?.slice(6) ?? '')).toThrow();
    expect(lines.at(-1)).toBe('data: [DONE]');
    const startedAt = performance.now();
    await (await chat()).text();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39);
    expect((await (await chat()).text()).trim().split('\n\n').at(-1)).toContain('"code":"server_error"');
  });

  it('late: only what of the body is sent after its moment', async () => {
    await start({ provider: 'openai', kind: 'late', ms: 40, after: { sent: 1 } });
    const reader = (await chat()).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toContain('"role":"assistant"');
    const startedAt = performance.now();
    await reader?.read();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(30);
  });

  it('strikes a whole response as well as a stream', async () => {
    await start({ provider: 'openai', kind: 'drop' }, { provider: 'openai', kind: 'late', ms: 30, when: 2 });
    const models = () =>
      fetch(`${providers.url}/openai/v1/models`, { headers: { authorization: 'Bearer k' } });
    await expect(models().then((response) => response.text())).rejects.toThrow();
    const startedAt = performance.now();
    expect(JSON.parse(await (await models()).text())).toMatchObject({ object: 'list' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29);
  });

  it('leaves sockets alone when it is for HTTP only', async () => {
    await start({ provider: 'elevenlabs', channel: 'http', kind: 'refuse', status: 503 });
    await Client.open(providers.url + SPEECH_SOCKET, XI);
    const response = await fetch(`${providers.url}/elevenlabs/v1/models`, XI);
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { detail: { code: 'system_busy' } },
    ]);
  });
});

describe('every kind of fault', () => {
  const wires = [
    ['deepgram', 'socket'],
    ['deepgram', 'http'],
    ['openai', 'http'],
    ['elevenlabs', 'socket'],
    ['elevenlabs', 'http'],
  ] as const;
  const kinds = [
    [{ kind: 'refuse', status: 503 }, 'refused'],
    [{ kind: 'delay', ms: 30 }, 'whole'],
    [{ kind: 'hang' }, 'silent'],
    [{ kind: 'close', code: 1011 }, 'broken'],
    [{ kind: 'close', code: 1011, after: { ms: 20 } }, 'broken or whole'],
    [{ kind: 'drop' }, 'broken'],
    [{ kind: 'stall' }, 'silent'],
    [{ kind: 'truncate' }, 'broken'],
    [{ kind: 'garbage' }, 'unreadable'],
    [{ kind: 'late', ms: 30 }, 'whole'],
    [{ kind: 'error', code: 'server_error' }, 'broken'],
  ] as const;

  it.each(
    wires.flatMap(([provider, channel]) =>
      kinds.map(([fault, seen]) => [provider, channel, fault, seen] as const),
    ),
  )('%s by %s: %j is %s, and the next connection is whole', async (provider, channel, fault, seen) => {
    await start({ provider, channel, ...fault } as Fault); // every pair of the lists is a fault
    const ask = () => (channel === 'socket' ? overSocket(provider) : overHttp(provider));
    const answer = ask();
    if (seen === 'silent') {
      await providers.log.waitFor(({ kind }) => kind === 'upgrade' || kind === 'request');
      const none = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 60, 'silent'))]);
      expect(none).toBe('silent');
    } else {
      expect(seen.split(' or ')).toContain(await answer);
    }
    expect(await ask()).toBe('whole');
  });
});

/** What a client of the synthesiser's or the recogniser's socket sees of one exchange. */
async function overSocket(provider: 'deepgram' | 'openai' | 'elevenlabs'): Promise<string> {
  const [path, options] = provider === 'deepgram' ? sockets.deepgram : sockets.elevenlabs;
  let client: Client;
  try {
    client = await Client.open(providers.url + path, options);
  } catch {
    return 'refused';
  }
  if (provider === 'deepgram') {
    client.speak(3);
    client.send({ type: 'CloseStream' });
  } else {
    client.send({ text: 'Hello there. ', context_id: 'c', flush: true });
    client.send({ context_id: 'c', close_context: true });
  }
  const isLast = (frame: Record<string, unknown>) =>
    frame['type'] === 'Metadata' || frame['isFinal'] === true;
  const last = client.take(isLast).then(() => 'whole');
  const how = await Promise.race([last, client.closed.then(() => 'broken')]);
  return client.frames.some((frame) => frame['undecodable'] !== undefined) ? 'unreadable' : how;
}

/** What a client of a vendor's HTTP side sees of one exchange. */
async function overHttp(provider: 'deepgram' | 'openai' | 'elevenlabs'): Promise<string> {
  try {
    const response = await requests[provider]();
    const text = await response.text();
    if (!response.ok) return 'refused';
    if (text.includes('half a frame')) return 'unreadable';
    return ENDINGS[provider].test(text) ? 'whole' : 'broken';
  } catch {
    return 'broken';
  }
}

const ENDINGS = {
  deepgram: /"access_token".*\}$/,
  openai: /\[DONE\]\s*$/,
  elevenlabs: /"audio_base64".*\}\s*$/s,
};
const requests = {
  deepgram: () => fetch(`${providers.url}/deepgram/v1/auth/grant`, { method: 'POST', ...TOKEN }),
  openai: () => chat(),
  elevenlabs: () =>
    fetch(`${providers.url}${SPEECH}/stream/with-timestamps?output_format=pcm_16000`, {
      method: 'POST',
      body: JSON.stringify({ text: 'Hello there.' }),
      ...XI,
    }),
};

describe('FaultPlan', () => {
  const struck = (fault: Fault, connections: number) => {
    const plan = new FaultPlan();
    return Array.from({ length: connections }, () => plan.strikes([fault], fault.provider, 'socket').length);
  };

  it.each([
    [{}, [1, 0, 0, 0]],
    [{ when: 3 }, [0, 0, 1, 0]],
    [{ when: 2, times: 2 }, [0, 1, 1, 0]],
    [{ when: 2, times: 'always' }, [0, 1, 1, 1]],
    [{ channel: 'http' }, [0, 0, 0, 0]],
  ] as const)('%j strikes connections %j', (aim, expected) => {
    expect(struck({ provider: 'openai', kind: 'hang', ...aim }, 4)).toEqual(expected);
  });
});

describe('parseFault', () => {
  it.each([
    [{ provider: 'aws', kind: 'hang' }, /provider: .*"deepgram" \| "openai" \| "elevenlabs"/],
    [{ provider: 'openai', kind: 'explode' }, /kind: .*"refuse"/],
    [{ provider: 'openai', kind: 'refuse', status: 200 }, /status: .*400/],
    [{ provider: 'openai', kind: 'delay' }, /ms: /],
    [{ provider: 'openai', kind: 'close', code: 1006 }, /code: .*1000/],
    [{ provider: 'openai', kind: 'drop', after: { seconds: 1 } }, /after/],
    [{ provider: 'openai', kind: 'hang', often: 1 }, /often/],
  ])('says what is wrong with %j', (value, message) => {
    expect(() => parseFault(value)).toThrow(message);
  });
});

describe('until', () => {
  it('waits for an absolute time, at once when it is past, and not after an abort', async () => {
    const control = new AbortController();
    const startedAt = now();
    expect(await until(startedAt + 20, control.signal)).toBe(true);
    expect(now() - startedAt).toBeGreaterThanOrEqual(20);
    expect(await until(startedAt, control.signal)).toBe(true);
    const waiting = until(now() + 60_000, control.signal);
    control.abort();
    expect(await waiting).toBe(false);
    expect(await until(now(), control.signal)).toBe(false);
  });
});
