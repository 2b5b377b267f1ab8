import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Archive } from '../../src/archive.ts';
import { withOpening } from '../../src/opening.ts';
import { Caller } from './caller.ts';

const script = {
  recogniser: { utterances: [{ text: 'How much does it cost?' }], finalDelayMs: 100 },
  model: {
    replies: ['It is ten dollars a month. Would that work for you?'],
    firstTokenMs: 20,
    tokensPerSecond: 500,
  },
  synthesiser: { firstAudioMs: 10, msPerChar: 2, paceMs: 1 },
};

beforeEach(async () => {
  const response = await fetch(`${env.PROVIDERS_URL}/script`, {
    method: 'PUT',
    body: JSON.stringify(script),
  });
  expect(response.status).toBe(200);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('the Worker', () => {
  it('tells its health', async () => {
    const response = await exports.default.fetch(new Request('http://localhost/health'));
    expect(await response.json()).toMatchObject({
      status: 'ok',
      providers: { stt: 'local', llm: 'local', tts: 'local' },
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it('answers over https with HSTS, and lets nobody in under a public name without keys', async () => {
    const health = await exports.default.fetch(new Request('https://vantum.test/health'));
    expect(health.headers.get('strict-transport-security')).toBe('max-age=31536000');
    expect(await health.json()).toMatchObject({ status: 'degraded' });
    const upgrade = { headers: { Upgrade: 'websocket' } };
    const refused = await exports.default.fetch(new Request('https://vantum.test/ws', upgrade));
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: 'not_configured', names: ['API_KEYS'] });
  });

  it('answers what it does not know with 404', async () => {
    const response = await exports.default.fetch(new Request('http://x/nothing'));
    expect(response.status).toBe(404);
  });
});

describe('a session', () => {
  it('greets, hears and answers', async () => {
    const caller = await Caller.join('?name=Jordan');
    caller.send('voicechat.audio.start', { samplingRate: 16_000 });
    await caller.next('voicechat.response.complete');
    const text = caller.frames.flatMap(({ eventType, payload }) =>
      eventType === 'voicechat.response.text' ? [payload['text']] : [],
    );
    expect(text.join(' ')).toMatch(/Jordan.*AI assistant/);
    caller.speak(400);
    expect((await caller.next('voicechat.transcript.final')).payload['text']).toBe('How much does it cost?');
    const answer = await caller.next('voicechat.response.start', 2);
    await caller.next('voicechat.response.complete', 2);
    expect(answer.payload['utteranceId']).not.toBe(
      (await caller.next('voicechat.response.start')).payload['utteranceId'],
    );
    caller.hangUp();
    expect(await caller.closed()).toBe(1000);
  });

  it('[O4] waits for the call to be started with a timer, without which the platform would put it to sleep', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const caller = await Caller.join();
    await caller.next('connection.ack');
    expect(vi.getTimerCount()).toBe(1);
    const session = env.SESSIONS.getByName(caller.sessionId);
    await runInDurableObject(session, () => void vi.advanceTimersByTime(120_000));
    expect((await caller.next('voicechat.call.ended')).payload['reason']).toBe('abandoned');
    expect(await caller.closed()).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stores what was said behind the request for an answer, which a write would hold back', async () => {
    const caller = await Caller.join();
    const order: string[] = [];
    const { fetch: send } = globalThis;
    vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
      if (String(input).includes('/chat/completions')) order.push('asked');
      return send(input, init);
    });
    const remember = Archive.prototype.remember;
    vi.spyOn(Archive.prototype, 'remember').mockImplementation(function (this: Archive, kept) {
      order.push('stored');
      remember.call(this, kept);
    });
    caller.send('voicechat.text.input', { text: 'How much does it cost?' });
    await caller.next('voicechat.response.start');
    expect(order.slice(0, 2)).toEqual(['asked', 'stored']);
    caller.hangUp();
    await caller.closed();
  });

  it('listens at the rate of the recogniser it opened when the caller changes the rate', async () => {
    const caller = await Caller.join();
    caller.send('voicechat.audio.start', { samplingRate: 16_000 });
    caller.send('voicechat.audio.start', { samplingRate: 48_000 });
    caller.speak(1200);
    expect((await caller.next('voicechat.transcript.final')).payload['text']).toBe('How much does it cost?');
    caller.hangUp();
    await caller.closed();
  });

  it('leaves no socket behind when the call ends', async () => {
    const caller = await Caller.join();
    caller.send('voicechat.audio.start');
    await caller.next('voicechat.response.start');
    const stub = env.SESSIONS.getByName(caller.sessionId);
    await runInDurableObject(stub, (_, state) => expect(state.getWebSockets()).toHaveLength(1));
    caller.send('voicechat.call.end');
    expect((await caller.next('voicechat.call.ended')).payload['reason']).toBe('caller_hung_up');
    expect(await caller.closed()).toBe(1000);
    await runInDurableObject(stub, (_, state) => expect(state.getWebSockets()).toHaveLength(0));
  });

  it('cannot be joined a second time', async () => {
    const caller = await Caller.join();
    await caller.next('connection.ack');
    const stub = env.SESSIONS.getByName(caller.sessionId);
    const request = new Request('http://x/ws', { headers: { Upgrade: 'websocket' } });
    const again = await stub.fetch(withOpening(request, { sessionId: caller.sessionId, prospect: {} }));
    expect(again.status).toBe(409);
    caller.hangUp();
    await caller.closed();
  });

  it('closes the caller when the object dies, rather than leave silence', async () => {
    const caller = await Caller.join();
    caller.send('voicechat.audio.start');
    await caller.next('voicechat.response.start');
    await abortAllDurableObjects();
    expect(await caller.closed()).not.toBe(1000);
  });
});
