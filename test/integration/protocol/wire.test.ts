import { version as uuidVersion, v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { WireClient } from '../../support/client.ts';
import { float64, hostileFrames, map16, map32, requestWith, str, uint64 } from './bytes.ts';
import { answerTo, converse, stage, untilAck } from './stage.ts';
import { StrictWire } from './strict.ts';

const MAX_FRAME_BYTES = 65_536;
const on = stage();

describe('transport', () => {
  it('`ws(s)://host/ws`, no subprotocol needed; one is not chosen either', async () => {
    const client = await on.join();
    expect(client.socket.protocol).toBe('');
  });

  it('every frame is binary MessagePack holding one map, plain: no records, no extension types, no undefined', async () => {
    const wire = new StrictWire(on.socketUrl, (socket) => {
      socket.send(requestWith('voicechat.audio.start', 'e1', map16({})));
      socket.send(requestWith('voicechat.text.input', 'e2', map16({ text: str('How much?') })));
      socket.send('text');
    });
    await wire.until('voicechat.turn.metrics');
    wire.socket.send(requestWith('voicechat.call.end', 'e3', map16({})));
    await wire.until('voicechat.call.ended');
    expect(wire.binary).toBe(true);
    const types = new Set(wire.frames.map((frame) => frame['eventType']));
    expect([...types].sort()).toEqual([
      'connection.ack',
      'error.unknown',
      'voicechat.audio.start',
      'voicechat.call.end',
      'voicechat.call.ended',
      'voicechat.response.chunk',
      'voicechat.response.complete',
      'voicechat.response.start',
      'voicechat.response.text',
      'voicechat.state',
      'voicechat.text.input',
      'voicechat.transcript.final',
      'voicechat.turn.metrics',
    ]);
  });

  it('a frame over the limit of 64 KiB closes 1009, and nothing behind it is honoured', async () => {
    const client = await on.join();
    client.raw(new Uint8Array(MAX_FRAME_BYTES + 1));
    client.send('voicechat.text.input', { text: 'Hello?' });
    expect(await client.end()).toEqual({ code: 1009, reason: expect.stringContaining('65536') });
    expect(client.frames.map((frame) => frame.eventType)).toEqual(['connection.ack']);
  });

  it('a text frame over the limit closes 1009 too', async () => {
    const client = await on.join();
    client.raw('a'.repeat(MAX_FRAME_BYTES + 1));
    expect((await client.end()).code).toBe(1009);
  });

  it('a frame over the limit ends the call even when the client does not answer the close', async () => {
    const client = await on.join();
    await client.start();
    await on.listening();
    client.socket.pause();
    client.raw(new Uint8Array(MAX_FRAME_BYTES + 1));
    await on.providers.log.waitFor(({ provider, kind }) => provider === 'deepgram' && kind === 'close');
    client.socket.resume();
    expect((await client.end()).code).toBe(1009);
  });

  it('a frame of exactly 64 KiB is read', async () => {
    const client = await on.join();
    const eventId = uuidv7();
    const padding = (length: number) =>
      requestWith(
        'voicechat.call.end',
        eventId,
        map16({ pad: [0xc5, length >> 8, length & 255, ...new Uint8Array(length)] }),
      );
    const frame = padding(MAX_FRAME_BYTES - padding(0).byteLength);
    expect(frame.byteLength).toBe(MAX_FRAME_BYTES);
    client.raw(frame);
    expect((await answerTo(client, eventId)).payload).toEqual({ success: true });
  });

  it('a client that closes with 1000 is answered 1000 and lets go of the providers', async () => {
    const client = await on.greeted();
    await on.listening();
    client.close(1000);
    expect((await client.end()).code).toBe(1000);
    await on.providers.log.waitFor(({ provider, kind }) => provider === 'deepgram' && kind === 'close');
  });

  it.each<[string, (client: WireClient) => void]>([
    ['closes with 1001', (client) => client.close(1001)],
    ['closes with 4000', (client) => client.close(4000)],
    ['vanishes without a close', (client) => client.socket.terminate()],
  ])('[C1] a client that %s gets its call back on another connection', async (_, leave) => {
    const client = await on.greeted();
    await on.listening();
    leave(client);
    await client.end();
    const { resumeToken } = client.frames[0]?.payload ?? {};
    const back = await WireClient.open(
      `${on.socketUrl}?session=${client.sessionId}&resume=${resumeToken}&after=${client.frames.at(-1)?.eventId}`,
    );
    const ack = await back.next('connection.ack');
    expect(ack).toMatchObject({ sessionId: client.sessionId, payload: { resumed: true, resumeToken } });
    await back.next('voicechat.state');
    const heard = on.providers.log.entries.filter(({ provider }) => provider === 'deepgram');
    expect(heard.filter(({ kind }) => kind === 'close')).toEqual([]);
    back.close(1000);
    await on.providers.log.waitFor(({ provider, kind }) => provider === 'deepgram' && kind === 'close');
  });
});

describe('envelope', () => {
  it('camelCase keys; eventId and sessionId are UUIDv7, the ids of events all different', async () => {
    const client = await on.greeted();
    for (const frame of client.frames) {
      const requestType = 'requestType' in frame ? ['requestType'] : [];
      expect(Object.keys(frame).sort()).toEqual([
        'eventId',
        'eventType',
        'payload',
        ...requestType,
        'sessionId',
      ]);
      expect(frame.sessionId).toBe(client.sessionId);
    }
    const minted = client.frames
      .filter((frame) => frame.eventType !== 'voicechat.audio.start')
      .map((frame) => frame.eventId);
    expect(new Set(minted).size).toBe(minted.length);
    for (const id of [...minted, client.sessionId]) expect(uuidVersion(id)).toBe(7);
  });

  it('an ack echoes eventType, eventId and sessionId with exactly {success: true}', async () => {
    const client = await on.join();
    const eventId = client.send('voicechat.audio.start', {});
    expect(await answerTo(client, eventId)).toEqual({
      eventType: 'voicechat.audio.start',
      eventId,
      sessionId: client.sessionId,
      payload: { success: true },
    });
  });

  it.each([
    ['voicechat.audio.start', { samplingRate: 1 }, 'voicechat.audio.error'],
    ['voicechat.audio.chunk', { audio: 1 }, 'voicechat.audio.error'],
    ['voicechat.text.input', {}, 'voicechat.text.error'],
    ['voicechat.playback.progress', {}, 'voicechat.playback.error'],
    ['voicechat.nothing.like.this', {}, 'voicechat.nothing.like.error'],
    ['nodots', {}, 'error.unknown'],
  ])(
    'an error replaces the last dotted part by `error`: %s %j -> %s',
    async (requestType, payload, errorType) => {
      const client = await on.join();
      const eventId = client.send(requestType, payload);
      expect(await answerTo(client, eventId)).toEqual({
        eventType: errorType,
        eventId,
        sessionId: client.sessionId,
        requestType,
        payload: {
          message: expect.stringMatching(/\w+: .+ accepted, got /),
          code: expect.any(String),
          retryable: false,
        },
      });
    },
  );

  it.each(['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf'])(
    'an unknown event type is answered, also one that every object knows: %s',
    async (eventType) => {
      const client = await on.join();
      const eventId = client.send(eventType, { problem: 1 });
      expect((await answerTo(client, eventId)).payload['code']).toBe('unknown_event');
      expect(await untilAck(client)).toEqual([]);
    },
  );

  it.each([
    ['eventType is missing', { eventType: undefined }, 'error.unknown'],
    ['eventType is no string', { eventType: 7 }, 'error.unknown'],
    ['eventType is empty', { eventType: '' }, 'error.unknown'],
    ['eventType is longer than 128', { eventType: 'a.'.repeat(65) }, 'error.unknown'],
    ['eventId is missing', { eventId: undefined }, 'voicechat.audio.error'],
    ['eventId is no string', { eventId: 7 }, 'voicechat.audio.error'],
    ['sessionId is no string', { sessionId: 7 }, 'voicechat.audio.error'],
    ['payload is no map', { payload: [1] }, 'voicechat.audio.error'],
  ])('a shapeless request is answered and the socket stays open: %s', async (_, envelope, errorType) => {
    const client = await on.join();
    client.send('voicechat.audio.end', {}, envelope);
    const error = await client.next(errorType);
    const [field = ''] = Object.keys(envelope);
    expect(error.payload).toEqual({
      code: 'invalid_envelope',
      message: expect.stringContaining(`${field}: `),
      retryable: false,
    });
    if ('eventId' in envelope) expect(uuidVersion(error.eventId)).toBe(7);
    expect(await untilAck(client)).toEqual([]);
  });

  it('a text frame gets error.unknown with a minted eventId; the socket stays open', async () => {
    const client = await on.join();
    client.raw(JSON.stringify({ eventType: 'voicechat.audio.start', eventId: uuidv7(), payload: {} }));
    const error = await client.next('error.unknown');
    expect(error.payload).toEqual({
      code: 'undecodable',
      message: expect.stringContaining('got text'),
      retryable: false,
    });
    expect(uuidVersion(error.eventId)).toBe(7);
    expect('requestType' in error).toBe(false);
    expect(await untilAck(client)).toEqual([]);
  });
});

describe('tolerances', () => {
  const startInMap32 = (client: WireClient, eventId: string, timestamp: number) =>
    Uint8Array.from(
      map32({
        eventType: str('voicechat.audio.start'),
        eventId: str(eventId),
        sessionId: str(client.sessionId),
        timestamp: float64(timestamp),
        payload: map32({ samplingRate: float64(16_000), timestamp: float64(timestamp) }),
      }),
    );

  it('maps written as map32 and Date.now() as float64, beside keys nobody knows', async () => {
    const client = await on.join();
    const eventId = uuidv7();
    client.raw(startInMap32(client, eventId, Date.now()));
    expect((await answerTo(client, eventId)).payload).toEqual({ success: true });
  });

  it('maps written as map16, and integers as 64 bits', async () => {
    const client = await on.join();
    const eventId = uuidv7();
    client.raw(requestWith('voicechat.audio.start', eventId, map16({ samplingRate: uint64(8000) })));
    expect((await answerTo(client, eventId)).payload).toEqual({ success: true });
  });

  it('nil, a missing payload and a packed undefined are the same as absent', async () => {
    const client = await on.join();
    const eventId = uuidv7();
    client.raw(Uint8Array.from(map16({ eventType: str('voicechat.audio.end'), eventId: str(eventId) })));
    expect((await answerTo(client, eventId)).payload).toEqual({ success: true });
    const end = client.send('voicechat.audio.end', {}, { payload: undefined, sessionId: undefined });
    expect((await answerTo(client, end)).payload).toEqual({ success: true });
    client.send('voicechat.playback.progress', { utteranceId: 'u', playedMs: 0, ended: null });
    const start = client.send('voicechat.audio.start', {
      samplingRate: null,
      language: null,
      voiceId: undefined,
    });
    expect((await answerTo(client, start)).payload).toEqual({ success: true });
    expect(client.frames.filter((frame) => frame.eventType.endsWith('.error'))).toEqual([]);
  });
});

describe('undecodable input', () => {
  it.each(hostileFrames)(
    'is answered or ignored, and the same socket then makes a good call: %s',
    async (_, bytes) => {
      const client = await on.join();
      client.raw(Uint8Array.from(bytes));
      const { eventType, payload } = await client.next('error.unknown');
      expect({ eventType, code: payload['code'] }).toEqual({
        eventType: 'error.unknown',
        code: expect.stringMatching(/undecodable|invalid_envelope/),
      });
      await client.start();
      const complete = await client.next('voicechat.response.complete');
      expect(complete.sessionId).toBe(client.sessionId);
    },
  );

  it('all of it on one socket leaves a call that answers, and no trace of the frames in other objects', async () => {
    const client = await on.greeted();
    for (const [, bytes] of hostileFrames) client.raw(Uint8Array.from(bytes));
    await converse(client);
    expect(client.all('error.unknown')).toHaveLength(hostileFrames.length);
    expect(client.closed).toBeUndefined();
    expect(on.worker.logs.filter((line) => /exception|uncaught|call\.bug/i.test(line))).toEqual([]);
  });

  it('does not hold other calls up', async () => {
    const other = await on.greeted();
    const client = await on.join();
    for (let i = 0; i < 20; i++) for (const [, bytes] of hostileFrames) client.raw(Uint8Array.from(bytes));
    await converse(other);
    expect(other.all('error.unknown')).toEqual([]);
  });
});
