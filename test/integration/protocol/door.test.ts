import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { loud, type WireClient } from '../../support/client.ts';
import { type RunningWorker, startWorker } from '../../support/worker.ts';
import { map16, requestWith, str } from './bytes.ts';
import { answerTo, converse, fast, stage, untilAck } from './stage.ts';
import { StrictWire } from './strict.ts';

const on = stage();

describe('a session', () => {
  it('connection.ack comes unasked and first, with payload.success === true', async () => {
    const client = await on.join();
    expect(client.frames[0]).toEqual({
      eventType: 'connection.ack',
      eventId: expect.any(String),
      sessionId: expect.any(String),
      payload: {
        success: true,
        providers: { stt: 'local', llm: 'local', tts: 'local' },
        voices: expect.arrayContaining([{ id: expect.stringMatching(/^\w+$/), name: expect.any(String) }]),
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        resumeToken: expect.stringMatching(/^[\w-]{43}$/),
        resumed: false,
      },
    });
    expect(await untilAck(client)).toEqual([]);
  });

  it('the server mints sessionId: a UUIDv7 of now, another for every connection', async () => {
    const before = Date.now();
    const clients = await Promise.all(Array.from({ length: 5 }, () => on.join()));
    const ids = clients.map((client) => client.sessionId);
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const mintedAt = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
      expect(mintedAt).toBeGreaterThanOrEqual(before - 1000);
      expect(mintedAt).toBeLessThanOrEqual(Date.now() + 1000);
    }
  });

  it('a client cannot choose its session', async () => {
    const { sessionId } = await on.join();
    const socket = new WebSocket(`${on.socketUrl}?sessionId=${sessionId}`, {
      headers: { 'x-vantum-opening': encodeURIComponent(JSON.stringify({ sessionId, prospect: {} })) },
    });
    const ack = await new Promise<Buffer>((resolve) => socket.once('message', resolve));
    expect(ack.includes('connection.ack')).toBe(true);
    expect(ack.includes(sessionId)).toBe(false);
    socket.close(1000);
    await new Promise((resolve) => socket.once('close', resolve));
  });

  it('a foreign sessionId is refused with the own one, and the request has no effect', async () => {
    const client = await on.greeted();
    const other = await on.greeted();
    for (const sessionId of [other.sessionId, uuidv7(), 'x']) {
      const eventId = client.send('voicechat.text.input', { text: 'Hello?' }, { sessionId });
      expect(await answerTo(client, eventId)).toEqual({
        eventType: 'voicechat.text.error',
        eventId,
        sessionId: client.sessionId,
        requestType: 'voicechat.text.input',
        payload: {
          code: 'session_mismatch',
          message: 'sessionId: the one of this connection is accepted, got another',
          retryable: false,
        },
      });
    }
    expect(await untilAck(client)).toEqual([]);
    expect(await untilAck(other)).toEqual([]);
  });

  it('two calls at once: each hears its own answer and nothing of the other', async () => {
    on.providers.script = {
      ...fast,
      model: { ...fast.model, replies: (messages) => `You said ${messages.at(-1)?.content}` },
    };
    const clients = await Promise.all([on.greeted(), on.greeted()]);
    const words = ['alpha alpha', 'beta beta'];
    await Promise.all(clients.map((client, i) => converse(client, words[i])));
    for (const [i, client] of clients.entries()) {
      expect(new Set(client.frames.map((frame) => frame.sessionId))).toEqual(new Set([client.sessionId]));
      expect(spoken(client)).toContain(`You said ${words[i]}`);
      expect(spoken(client)).not.toContain(words[1 - i]);
      expect(client.all('voicechat.transcript.final')).toHaveLength(1);
      expect(client.all('voicechat.response.complete')).toHaveLength(2);
    }
    expect(clients[0]?.sessionId).not.toBe(clients[1]?.sessionId);
  });

  it('audio.start and chunks in the tick the socket opens, without a sessionId: nothing of it is lost', async () => {
    const fillerBytes = await heardOf((socket) => socket.send(start('filler')));
    on.providers.log.clear();
    const pcm = loud(600);
    const heardBytes = await heardOf((socket) => {
      socket.send(start('early'));
      for (let at = 0; at < pcm.byteLength; at += 640) socket.send(chunk(pcm.subarray(at, at + 640)));
    });
    expect(heardBytes - fillerBytes).toBe(pcm.byteLength);
  });

  it('an empty sessionId is the same as none', async () => {
    const client = await on.join();
    const eventId = client.send('voicechat.audio.start', {}, { sessionId: '' });
    expect((await answerTo(client, eventId)).payload).toEqual({ success: true });
  });

  it('frames of both ways keep their order: acks come in the order of the requests', async () => {
    const client = await on.join();
    const ids = Array.from({ length: 50 }, () => client.send('voicechat.audio.end'));
    await answerTo(client, ids.at(-1) ?? '');
    expect(client.frames.slice(1).map((frame) => frame.eventId)).toEqual(ids);
  });
});

describe('the person called', () => {
  it('is named by the query of /ws', async () => {
    const client = await on.join('?name=Jordan&company=Acme&role=CFO');
    await client.start();
    await client.next('voicechat.response.complete');
    expect(spoken(client)).toContain('Jordan');
  });

  it.each(['name', 'company', 'role'])(
    'a %s of more than 80 characters is refused with 400',
    async (field) => {
      const { status, body } = await refusedUpgrade(`${on.socketUrl}?${field}=${'a'.repeat(81)}`);
      expect(status).toBe(400);
      expect(body).toEqual({
        error: 'invalid_query',
        message: `prospect.${field}: expected at most 80 characters, got 81`,
      });
    },
  );
});

describe('HTTP', () => {
  it('GET /ws without an upgrade: 426', async () => {
    const response = await fetch(`${on.worker.url}/ws`);
    expect(response.status).toBe(426);
    expect(await response.json()).toEqual({
      error: 'upgrade_required',
      message: 'GET /ws: a WebSocket upgrade is accepted',
    });
  });

  it('GET /health: ok, where the providers are, and the version', async () => {
    const response = await fetch(`${on.worker.url}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      status: 'ok',
      providers: { stt: 'local', llm: 'local', tts: 'local' },
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it('anything else: 404', async () => {
    const response = await fetch(`${on.worker.url}/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: 'not_found', message: '/nothing: there is nothing here' });
  });
});

describe('a Worker without variables', () => {
  const vendorKeys = ['DEEPGRAM_API_KEY', 'OPENAI_API_KEY', 'ELEVENLABS_API_KEY'];
  const keys = ['API_KEYS', ...vendorKeys];
  const problems = [
    'API_KEYS: name:key pairs are needed, got nothing',
    ...vendorKeys.map((key) => `${key}: a key is needed, got nothing`),
  ];
  let bare: RunningWorker;
  beforeAll(async () => {
    bare = await startWorker({});
  });
  afterAll(() => bare.close());

  it('refuses /ws with 503 and the names of what is missing', async () => {
    const { status, body } = await refusedUpgrade(`${bare.socketUrl}/ws`);
    expect(status).toBe(503);
    expect(body).toEqual({ error: 'not_configured', names: keys, problems });
  });

  it('GET /health: degraded, with every problem', async () => {
    const response = await fetch(`${bare.url}/health`);
    expect(await response.json()).toEqual({
      status: 'degraded',
      providers: { stt: 'missing', llm: 'missing', tts: 'missing' },
      version: expect.any(String),
      problems,
    });
  });
});

function start(eventId: string): Uint8Array {
  return requestWith('voicechat.audio.start', eventId, map16({ samplingRate: [0xcd, 0x3e, 0x80] }));
}

function chunk(audio: Uint8Array): Uint8Array {
  const bin = [0xc5, audio.byteLength >> 8, audio.byteLength & 255, ...audio];
  return requestWith('voicechat.audio.chunk', 'chunk', map16({ audio: bin }));
}

/** How many bytes the recogniser was sent of a call that does this in the tick its socket opens. */
async function heardOf(opened: (socket: WebSocket) => void): Promise<number> {
  const wire = new StrictWire(on.socketUrl, (socket) => {
    opened(socket);
    socket.send(requestWith('voicechat.audio.end', 'end', map16({ note: str('hand-ended') })));
  });
  await wire.until('voicechat.audio.end');
  await on.providers.log.waitFor(
    (entry) => entry.kind === 'text' && JSON.stringify(entry.frame).includes('Finalize'),
  );
  const heard = on.providers.log.entries.reduce(
    (sum, entry) => (entry.kind === 'audio' ? sum + entry.bytes : sum),
    0,
  );
  wire.socket.close(1000);
  await new Promise((resolve) => wire.socket.once('close', resolve));
  return heard;
}

function spoken(client: WireClient): string {
  return client
    .all('voicechat.response.text')
    .map(({ payload }) => payload['text'])
    .join(' ');
}

/** What a WebSocket handshake was refused with. */
async function refusedUpgrade(url: string): Promise<{ status: number | undefined; body: unknown }> {
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error('the handshake was accepted')));
    socket.on('unexpected-response', (_, response) => {
      let text = '';
      response.on('data', (data) => {
        text += String(data);
      });
      response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
    });
  });
}
