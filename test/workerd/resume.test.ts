import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { Archive } from '../../src/archive.ts';
import type { Memory } from '../../src/conversation/memory.ts';
import type { Frame } from '../../src/protocol/replies.ts';
import { Caller } from './caller.ts';

const script = {
  recogniser: {
    utterances: [{ text: 'How much does it cost?' }, { text: 'And for ten people?' }],
    finalDelayMs: 400,
  },
  model: {
    replies: ['It is ten dollars a month.', 'A hundred then.'],
    firstTokenMs: 20,
    tokensPerSecond: 500,
  },
  synthesiser: { firstAudioMs: 10, msPerChar: 2, paceMs: 1 },
};

beforeEach(async () => {
  await control('PUT', '/script', script);
  await control('DELETE', '/log');
});

describe('a caller whose connection is lost', () => {
  it('[C2] gets his call back, with what he missed under its own ids, and is answered', async () => {
    const caller = await greeted();
    const after = last(caller);
    caller.speak(400);
    caller.drop();
    const { sessionId } = caller;
    await remembered(sessionId, ({ unanswered }) => unanswered.length === 1);
    const back = await Caller.join(resumeQuery(caller, after));
    const ack = await back.next('connection.ack');
    expect(ack).toMatchObject({ sessionId, payload: { resumed: true, resumeToken: token(caller) } });
    const final = await back.next('voicechat.transcript.final');
    expect(final.payload['text']).toBe('How much does it cost?');
    expect(final.eventId > after).toBe(true);
    back.send('voicechat.audio.start', { samplingRate: 16_000 });
    const answer = await back.next('voicechat.response.text');
    expect(answer.payload['text']).toBe('It is ten dollars a month.');
    expect(back.frames.map(({ eventType }) => eventType)).not.toContain('voicechat.transcript.interim');
    back.hangUp();
    expect(await back.closed()).toBe(1000);
  });

  it('[C7] gets nothing twice', async () => {
    const caller = await greeted();
    caller.drop();
    const back = await Caller.join(resumeQuery(caller, last(caller)));
    await back.next('voicechat.state');
    const others = back.frames.filter(({ eventType }) => eventType !== 'voicechat.turn.metrics');
    expect(others.map(({ eventType }) => eventType)).toEqual(['connection.ack', 'voicechat.state']);
    back.hangUp();
    await back.closed();
  });

  it('[C7] gets everything since a frame that it got early', async () => {
    const caller = await greeted();
    caller.drop();
    const first = caller.frames[0]?.eventId ?? '';
    const back = await Caller.join(resumeQuery(caller, first));
    await back.next('voicechat.state');
    const replayed = (frames: readonly Frame[]) =>
      frames.filter(({ eventType }) => /response\.(start|text|complete)/.test(eventType));
    expect(replayed(back.frames)).toEqual(replayed(caller.frames));
    back.hangUp();
    await back.closed();
  });

  it('[C12] is taken by his word once for what he typed, however often his client sends it', async () => {
    const caller = await greeted();
    const text = 'How much does it cost?';
    caller.send('voicechat.text.input', { text }, 'typed-1');
    await caller.next('voicechat.transcript.final');
    caller.drop();
    const back = await Caller.join(resumeQuery(caller));
    back.send('voicechat.text.input', { text, again: true }, 'typed-1');
    back.send('voicechat.text.input', { text: 'And for ten people?', again: true }, 'typed-2');
    await back.next('voicechat.text.input', 2);
    await back.next('voicechat.transcript.final');
    const finals = [...caller.frames, ...back.frames].filter(
      ({ eventType }) => eventType === 'voicechat.transcript.final',
    );
    expect(finals.map(({ payload }) => payload['text'])).toEqual([text, 'And for ten people?']);
    back.hangUp();
    await back.closed();
  });

  it('[C8] is taken over by a second connection, and news of the first has no effect any more', async () => {
    const caller = await greeted();
    const back = await Caller.join(resumeQuery(caller));
    expect(await caller.closed()).toBe(4001);
    back.send('voicechat.text.input', { text: 'How much does it cost?' });
    await back.next('voicechat.response.text');
    back.hangUp();
    expect(await back.closed()).toBe(1000);
  });

  it('[C9] is refused with another token, another session, or none', async () => {
    const caller = await greeted();
    const wrong = 'A'.repeat(43);
    const nobody = crypto.randomUUID();
    for (const query of [
      `?session=${caller.sessionId}&resume=${wrong}`,
      `?session=${nobody}&resume=${token(caller)}`,
      `?session=${caller.sessionId}&resume=short`,
      `?resume=${token(caller)}`,
      `?session=${caller.sessionId}&resume=`,
    ]) {
      for (const headers of [{}, { Upgrade: 'websocket' }]) {
        const response = await knock(query, headers);
        expect([response.status, ((await response.json()) as { error: string }).error], query).toEqual([
          403,
          'resume_refused',
        ]);
      }
    }
    await runInDurableObject(env.SESSIONS.getByName(nobody), (_, { storage }) => {
      expect(
        storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
      ).toEqual([]);
    });
    expect(caller.closeCode).toBeUndefined();
    caller.hangUp();
    await caller.closed();
  });

  it('[C9] learns by a plain request what an upgrade would have been refused with', async () => {
    const caller = await greeted();
    const query = resumeQuery(caller);
    expect((await knock(query)).status).toBe(426);
    caller.hangUp();
    await caller.closed();
    const over = await knock(query);
    expect([over.status, await over.json()]).toEqual([
      410,
      { error: 'call_over', message: expect.any(String) },
    ]);
    expect((await knock(query, { Upgrade: 'websocket' })).status).toBe(410);
    expect((await knock(`?session=${caller.sessionId}&resume=${'A'.repeat(43)}`)).status).toBe(403);
  });

  it('[C9] keeps a digest of the token, and the token nowhere', async () => {
    const caller = await greeted();
    await runInDurableObject(env.SESSIONS.getByName(caller.sessionId), (_, { storage }) => {
      const rows = ['call', 'turn', 'memory'].flatMap((table) =>
        storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
      );
      expect(JSON.stringify(rows)).not.toContain(token(caller));
    });
    caller.hangUp();
    await caller.closed();
  });
});

describe('a call whose object dies', () => {
  it('[C10] goes on with its memory', async () => {
    const caller = await greeted('?name=Jordan');
    caller.send('voicechat.text.input', { text: 'How much does it cost?' }, 'typed-1');
    await caller.next('voicechat.response.complete', 2);
    await remembered(caller.sessionId, ({ messages }) => messages.length === 3);
    await abortAllDurableObjects();
    await caller.closed();
    const back = await Caller.join(resumeQuery(caller));
    back.send('voicechat.audio.start', { samplingRate: 16_000 });
    expect((await back.next('connection.ack')).payload).toMatchObject({
      resumed: true,
      resumeToken: token(caller),
    });
    back.send('voicechat.text.input', { text: 'How much does it cost?', again: true }, 'typed-1');
    back.send('voicechat.text.input', { text: 'And for ten people?' });
    await back.next('voicechat.response.complete');
    const texts = back.frames.filter(({ eventType }) => eventType === 'voicechat.response.text');
    expect(texts.map(({ payload }) => payload['text']).join(' ')).toMatch(/dropped.*A hundred then\.$/);
    const shown = (await asked()).at(-1);
    expect(shown?.slice(1).map(({ role }) => role)).toEqual(['assistant', 'user', 'assistant', 'user']);
    expect(shown?.[0]?.content).toContain('Jordan');
    expect(shown?.[2]?.content).toBe('How much does it cost?');
    await back.next('voicechat.turn.metrics');
    back.hangUp();
    await back.closed();
    await runInDurableObject(env.SESSIONS.getByName(caller.sessionId), (_, { storage }) => {
      expect(new Archive(storage).call()?.ended?.latency.turns).toBe(2);
      expect(new Archive(storage).kept()).toBeUndefined();
    });
  });

  it('[C10] answers the turn that was not answered', async () => {
    await control('PUT', '/script', { ...script, model: { ...script.model, firstTokenMs: 60_000 } });
    const caller = await greeted();
    caller.send('voicechat.text.input', { text: 'How much does it cost?' });
    await caller.next('voicechat.transcript.final');
    await remembered(caller.sessionId, ({ reply }) => reply?.cause.type === 'turn');
    await control('PUT', '/script', script);
    await abortAllDurableObjects();
    await caller.closed();
    const back = await Caller.join(resumeQuery(caller));
    await back.next('voicechat.response.complete');
    const texts = back.frames.filter(({ eventType }) => eventType === 'voicechat.response.text');
    expect(texts.map(({ payload }) => payload['text']).join(' ')).toMatch(
      /dropped.*It is ten dollars a month\.$/,
    );
    back.hangUp();
    await back.closed();
  });

  it('[C10] begins as any other when it died before the greeting', async () => {
    const caller = await Caller.join();
    await caller.next('connection.ack');
    await abortAllDurableObjects();
    const back = await Caller.join(resumeQuery(caller));
    back.send('voicechat.audio.start');
    await back.next('voicechat.response.complete');
    back.hangUp();
    await back.closed();
  });

  it('[C10] is over when its memory cannot be read', async () => {
    const caller = await greeted();
    await runInDurableObject(env.SESSIONS.getByName(caller.sessionId), (_, { storage }) => {
      storage.sql.exec(`UPDATE memory SET kept = '{}'`);
    });
    await abortAllDurableObjects();
    expect((await knock(resumeQuery(caller))).status).toBe(410);
    await runInDurableObject(env.SESSIONS.getByName(caller.sessionId), (_, { storage }) => {
      expect(new Archive(storage).call()?.ended?.reason).toBe('abandoned');
    });
  });

  it('[C11] is over when it is found without an object twice and nobody came back', async () => {
    const caller = await greeted();
    const stub = env.SESSIONS.getByName(caller.sessionId);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    await abortAllDurableObjects();
    const again = env.SESSIONS.getByName(caller.sessionId);
    expect(await runDurableObjectAlarm(again)).toBe(true);
    expect((await knock(resumeQuery(caller))).status).toBe(426);
    expect(await runDurableObjectAlarm(again)).toBe(true);
    await runInDurableObject(again, async (_, { storage }) => {
      const archive = new Archive(storage);
      expect(archive.call()?.ended).toMatchObject({ reason: 'abandoned', outcome: 'no-decision' });
      expect(archive.kept()).toBeUndefined();
      expect(await storage.getAlarm()).toBeNull();
    });
    expect((await knock(resumeQuery(caller))).status).toBe(410);
  });

  it('[C11] has no alarm once the call is over', async () => {
    const caller = await greeted();
    const stub = env.SESSIONS.getByName(caller.sessionId);
    await runInDurableObject(stub, async (_, { storage }) => expect(await storage.getAlarm()).not.toBeNull());
    caller.hangUp();
    await caller.closed();
    await runInDurableObject(stub, async (_, { storage }) => {
      expect(await storage.getAlarm()).toBeNull();
    });
  });
});

interface Message {
  readonly role: string;
  readonly content: string;
}

async function control(method: string, path: string, body?: object): Promise<Response> {
  const response = await fetch(`${env.PROVIDERS_URL}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return response;
}

/** What the model was shown, request by request. */
async function asked(): Promise<readonly (readonly Message[])[]> {
  const log = (await (await control('GET', '/log')).json()) as {
    provider: string;
    body?: { messages?: Message[] };
  }[];
  return log.flatMap(({ provider, body }) =>
    provider === 'openai' && body?.messages ? [body.messages] : [],
  );
}

async function greeted(query = ''): Promise<Caller> {
  const caller = await Caller.join(query);
  caller.send('voicechat.audio.start', { samplingRate: 16_000 });
  // The greeting has sounded, so that nothing is being said.
  await caller.next('voicechat.turn.metrics');
  await caller.next('voicechat.state', 2);
  return caller;
}

function token(caller: Caller): string {
  return String(caller.frames[0]?.payload['resumeToken']);
}

function last(caller: Caller): string {
  return caller.frames.at(-1)?.eventId ?? '';
}

function resumeQuery(caller: Caller, after?: string): string {
  const query = `?session=${caller.sessionId}&resume=${token(caller)}`;
  return after === undefined ? query : `${query}&after=${after}`;
}

function knock(query: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return exports.default.fetch(new Request(`http://vantum.test/ws${query}`, { headers }));
}

/** Waits until the object of the call has stored such a conversation. */
async function remembered(sessionId: string, fits: (memory: Memory) => boolean): Promise<void> {
  for (;;) {
    const kept = await runInDurableObject(env.SESSIONS.getByName(sessionId), (_, { storage }) =>
      new Archive(storage).kept(),
    );
    if (kept?.conversation !== undefined && fits(kept.conversation)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
