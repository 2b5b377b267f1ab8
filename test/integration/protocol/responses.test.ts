import { version as uuidVersion } from 'uuid';
import { describe, expect, it } from 'vitest';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { loud, quiet, type WireClient, type WireFrame } from '../../support/client.ts';
import { converse, fast, heardOut, longWinded, stage, untilAck, utteranceOf } from './stage.ts';

/** The rate of the agent's audio where no variable sets it, in Hz. */
const VOICE_RATE = 24_000;
/** The agent's audio comes as slowly as it plays, so that a caller can cut in before all is sent. */
const realTime = {
  ...fast,
  recogniser: { ...fast.recogniser, interimEveryFrames: 1 },
  synthesiser: { firstAudioMs: 5, msPerChar: 65, chunkMs: 50, paceMs: 50 },
} satisfies ScriptInput;

const on = stage();

describe('an agent turn', () => {
  it('exactly one response.start, then its chunks, then one complete; one UUIDv7 for the whole turn', async () => {
    on.providers.script = {
      ...fast,
      model: { ...fast.model, replies: ['It is ten dollars. That is all. Dr. Smith says so, too!'] },
    };
    const client = await on.greeted();
    await heardOut(client, await converse(client));
    const ids = client.all('voicechat.response.start').map(utteranceOf);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) {
      expect(uuidVersion(id)).toBe(7);
      const events = responseEvents(client, id);
      expect(events.length).toBeGreaterThan(3);
      expect(events.at(0)).toBe('start');
      expect(events.at(-1)).toBe('complete');
      expect(new Set(events.slice(1, -1))).toEqual(new Set(['text', 'chunk']));
    }
  });

  it('turns do not overlap: the next start comes after the complete or interrupt of the one before', async () => {
    on.providers.script = longWinded;
    const client = await on.join();
    await client.start();
    for (let i = 0; i < 3; i++) await converse(client);
    const marks = client.frames.filter(({ eventType }) =>
      /response\.(start|complete|interrupt)$/.test(eventType),
    );
    const over = new Set<string>();
    let current: string | undefined;
    for (const mark of marks) {
      if (!mark.eventType.endsWith('start')) {
        over.add(utteranceOf(mark));
        continue;
      }
      expect(current === undefined || over.has(current)).toBe(true);
      current = utteranceOf(mark);
    }
    expect(marks.filter((mark) => mark.eventType.endsWith('start')).length).toBeGreaterThanOrEqual(3);
  });

  it('start has a timestamp in ms, complete nothing but the utteranceId', async () => {
    const before = Date.now();
    const client = await on.greeted();
    const start = await client.next('voicechat.response.start');
    expect(Object.keys(start.payload).sort()).toEqual(['timestamp', 'utteranceId']);
    expect(start.payload['timestamp']).toBeGreaterThanOrEqual(before);
    expect(start.payload['timestamp']).toBeLessThanOrEqual(Date.now());
    const complete = await client.next('voicechat.response.complete');
    expect(complete.payload).toEqual({ utteranceId: utteranceOf(start) });
  });

  it('audio is bin, int16 of even length, never empty, with its sampleRate in Hz', async () => {
    on.providers.script = longWinded;
    const client = await on.greeted();
    const from = client.frames.length;
    await heardOut(client, await converse(client));
    const chunks = client.frames
      .slice(from)
      .filter(({ eventType }) => eventType === 'voicechat.response.chunk');
    expect(chunks.length).toBeGreaterThan(3);
    for (const { payload } of chunks) {
      expect(Object.keys(payload).sort()).toEqual(['audio', 'sampleRate', 'utteranceId']);
      const { audio, sampleRate } = payload;
      if (!(audio instanceof Uint8Array)) throw new Error('audio is not bin');
      expect(audio.byteLength).toBeGreaterThan(0);
      expect(audio.byteLength).toBeLessThanOrEqual(16_000);
      expect(audio.byteLength % 2).toBe(0);
      expect(sampleRate).toBe(VOICE_RATE);
    }
    const metrics = await client.next('voicechat.turn.metrics', from);
    expect(metrics.payload['sentMs']).toBe(Math.round(audioMs(chunks)));
  });

  it('audio is sent faster than real time', async () => {
    on.providers.script = longWinded;
    const client = await on.greeted();
    const from = client.frames.length;
    const began = performance.now();
    await converse(client);
    expect(audioMs(client.frames.slice(from))).toBeGreaterThan(performance.now() - began);
  });
});

describe('an interruption', () => {
  it('by speech, before all was sent: one interrupt, no complete, and nothing of the utterance after it', async () => {
    on.providers.script = realTime;
    const client = await on.greeted();
    const from = client.frames.length;
    client.send('voicechat.text.input', { text: 'How much is it?' });
    await client.next('voicechat.response.chunk', from);
    client.audio(loud(300));
    const interrupt = await client.next('voicechat.response.interrupt');
    const id = utteranceOf(interrupt);
    expect(Object.keys(interrupt.payload).sort()).toEqual(['timestamp', 'utteranceId']);
    await client.next(
      (frame) => frame.eventType === 'voicechat.response.chunk' && utteranceOf(frame) !== id,
      client.frames.indexOf(interrupt),
    );
    client.send('voicechat.text.input', { text: 'Stop.' });
    await client.next(
      (frame) => frame.eventType === 'voicechat.response.interrupt' && utteranceOf(frame) !== id,
    );
    const events = responseEvents(client, id);
    expect(
      events.filter((event) => event === 'start' || event === 'complete' || event === 'interrupt'),
    ).toEqual(['start', 'interrupt']);
    expect(events.at(-1)).toBe('interrupt');
  });

  it('after complete, while it still plays: the interrupt is the only event of the utterance that follows', async () => {
    on.providers.script = longWinded;
    const client = await on.join();
    await client.start();
    const id = utteranceOf(await client.next('voicechat.response.complete'));
    await converse(client);
    expect(responseEvents(client, id).slice(-2)).toEqual(['complete', 'interrupt']);
    expect(client.all('voicechat.response.interrupt').map(utteranceOf)).toEqual([id]);
  });

  it('does not happen to an utterance that was heard whole', async () => {
    const client = await on.greeted();
    await converse(client);
    expect(client.all('voicechat.response.interrupt')).toEqual([]);
  });

  it('of an answer that has not begun sounds like nothing: the turn has no events at all', async () => {
    on.providers.script = { ...fast, model: { ...fast.model, firstTokenMs: 300 } };
    const client = await on.greeted();
    client.send('voicechat.text.input', { text: 'How much is it?' });
    await converse(client, 'And for two?');
    expect(client.all('voicechat.response.start')).toHaveLength(2);
    expect(client.all('voicechat.response.interrupt')).toEqual([]);
  });
});

describe('voicechat.playback.progress', () => {
  it('says what was really heard: an interruption is measured by it', async () => {
    on.providers.script = longWinded;
    const client = await on.greeted();
    const from = client.frames.length;
    const utteranceId = utteranceOf(await converse(client));
    client.send('voicechat.playback.progress', { utteranceId, playedMs: 1000, ended: true });
    const { payload } = await client.next('voicechat.turn.metrics', from);
    expect(payload).toMatchObject({ utteranceId, heardMs: 1000 });
    expect(payload['wordsHeard']).toBeGreaterThan(0);
    expect(payload['wordsHeard']).toBeLessThan(Number(payload['wordsSaid']));
  });

  it('is believed only up to what was sent', async () => {
    const client = await on.join();
    await client.start();
    const utteranceId = utteranceOf(await client.next('voicechat.response.complete'));
    client.send('voicechat.playback.progress', { utteranceId, playedMs: 86_400_000, ended: true });
    const { payload } = await client.next('voicechat.turn.metrics');
    expect(payload['heardMs']).toBe(payload['sentMs']);
  });

  it('a client that never sends it gets a good call: the server estimates', async () => {
    const client = await on.join();
    await client.start();
    const { payload } = await client.next('voicechat.turn.metrics');
    expect(payload).toMatchObject({
      interrupted: false,
      heardMs: payload['sentMs'],
      wordsHeard: payload['wordsSaid'],
    });
    const complete = await converse(client);
    await client.next(
      (frame) => frame.eventType === 'voicechat.turn.metrics' && utteranceOf(frame) === utteranceOf(complete),
    );
    expect(client.all('voicechat.response.interrupt')).toEqual([]);
  });
});

describe('additive events', () => {
  it('voicechat.state on every change', async () => {
    const client = await on.greeted();
    await heardOut(client, await converse(client));
    expect(client.all('voicechat.state').map(({ payload }) => payload['state'])).toEqual([
      'thinking',
      'speaking',
      'listening',
      'thinking',
      'speaking',
      'listening',
    ]);
  });

  it('voicechat.transcript: interims replace each other, the final ends the turn, one turnId for all of them', async () => {
    on.providers.script = {
      ...fast,
      recogniser: {
        ...fast.recogniser,
        // Long enough that a busy machine does not make two turns of one.
        finalDelayMs: 400,
        utterances: [{ text: 'How much does it cost?' }, { text: 'And for two?' }],
      },
    };
    const client = await on.greeted();
    const turns: string[] = [];
    for (const words of ['How much does it cost?', 'And for two?']) {
      const from = client.frames.length;
      client.audio(loud(1200));
      client.audio(quiet(100));
      await heardOut(client, await client.next('voicechat.response.complete', from));
      const events = client.frames.slice(from).filter(({ eventType }) => eventType.includes('transcript'));
      expect(events.length).toBeGreaterThan(2);
      const [turnId] = new Set(events.map(({ payload }) => String(payload['turnId'])));
      expect(events.map(({ payload }) => payload['turnId'])).toEqual(events.map(() => turnId));
      expect(events.map(({ eventType }) => eventType.split('.').at(-1))).toEqual([
        ...events.slice(1).map(() => 'interim'),
        'final',
      ]);
      for (const { payload } of events) expect(words.startsWith(String(payload['text']))).toBe(true);
      expect(events.at(-1)?.payload['text']).toBe(words);
      turns.push(turnId ?? '');
    }
    expect(new Set(turns).size).toBe(2);
    for (const turn of turns) expect(uuidVersion(turn)).toBe(7);
    const answered = client.all('voicechat.turn.metrics').map(({ payload }) => payload['turnId']);
    expect(answered).toEqual([undefined, ...turns]);
  });

  it('voicechat.response.text: the pieces joined by spaces are what the agent says', async () => {
    const words = 'It is ten dollars a month. Dr. Smith pays less, e.g. nine! Would that work for you?';
    on.providers.script = { ...fast, model: { ...fast.model, replies: [words] } };
    const client = await on.greeted();
    const utteranceId = utteranceOf(await converse(client));
    const pieces = client
      .all('voicechat.response.text')
      .filter((frame) => utteranceOf(frame) === utteranceId);
    expect(pieces.map(({ payload }) => payload['text']).join(' ')).toBe(words);
    expect(pieces.length).toBeGreaterThan(1);
    for (const { payload } of pieces) expect(Object.keys(payload).sort()).toEqual(['text', 'utteranceId']);
  });

  it('voicechat.turn.metrics: one per agent turn, durations in ms', async () => {
    const began = performance.now();
    const client = await on.greeted();
    await heardOut(client, await converse(client));
    const tookMs = performance.now() - began;
    expect(await untilAck(client)).toEqual([]);
    const [greeting, answer, ...others] = client.all('voicechat.turn.metrics').map(({ payload }) => payload);
    expect(others).toEqual([]);
    expect(greeting).toEqual({
      utteranceId: expect.any(String),
      firstAudioMs: expect.any(Number),
      firstHeardMs: expect.any(Number),
      speculation: 'none',
      wastedTokens: 0,
      pauses: 0,
      sentMs: expect.any(Number),
      heardMs: greeting?.['sentMs'],
      wordsSaid: expect.any(Number),
      wordsHeard: greeting?.['wordsSaid'],
      interrupted: false,
    });
    expect(answer).toMatchObject({
      turnId: expect.any(String),
      firstTokenMs: expect.any(Number),
      firstAudioMs: expect.any(Number),
      wordsSaid: 6,
    });
    const { firstTokenMs, firstAudioMs } = answer ?? {};
    expect(firstTokenMs).toBeGreaterThan(0);
    expect(firstAudioMs).toBeGreaterThanOrEqual(Number(firstTokenMs));
    expect(firstAudioMs).toBeLessThan(tookMs);
  });

  it('no event the server sends unasked ends in `.error` or carries success: true, but connection.ack and voicechat.error', async () => {
    const client = await on.greeted();
    await heardOut(client, await converse(client));
    const asked = new Set(['voicechat.audio.start', 'voicechat.text.input']);
    const unasked = client.frames.slice(1).filter(({ eventType }) => !asked.has(eventType));
    expect(unasked.length).toBeGreaterThan(10);
    for (const { eventType, payload } of unasked) {
      expect(eventType).not.toMatch(/\.error$/);
      expect('success' in payload).toBe(false);
    }
  });

  it('voicechat.call.ended is the last event before the server closes 1000, with the outcome', async () => {
    const client = await on.greeted();
    client.send('voicechat.text.input', { text: 'Please take me off your list.' });
    expect((await client.end()).code).toBe(1000);
    const last = client.frames.at(-1);
    expect(last?.eventType).toBe('voicechat.call.ended');
    expect(last?.payload).toEqual({
      reason: 'agent_ended',
      outcome: 'opted-out',
      latency: { turns: 1, firstAudioMs: expect.objectContaining({ p50: expect.any(Number) }) },
    });
    expect(client.all('voicechat.response.complete')).toHaveLength(2);
  });
});

describe('voicechat.error', () => {
  it.each<[string, boolean, ScriptInput['faults']]>([
    [
      'recogniser_unavailable',
      false,
      [{ provider: 'deepgram', kind: 'refuse', status: 401, times: 'always' }],
    ],
    [
      'recogniser_unavailable',
      true,
      [{ provider: 'deepgram', kind: 'refuse', status: 503, times: 'always' }],
    ],
  ])(
    'trouble that answers no request: %s, retryable %s; the call goes on by typing',
    async (code, retryable, faults) => {
      on.providers.script = { ...fast, faults };
      const client = await on.greeted();
      expectTrouble(await client.next('voicechat.error'), code, retryable);
      await converse(client);
    },
  );

  it('audio_overflow: once, when more than 16 s wait for the recogniser', async () => {
    on.providers.script = { ...fast, faults: [{ provider: 'deepgram', kind: 'hang', times: 'always' }] };
    const client = await on.greeted();
    for (let i = 0; i < 20; i++) client.send('voicechat.audio.chunk', { audio: quiet(1000) });
    expect(await untilAck(client)).toEqual(['voicechat.error']);
    expectTrouble(await client.next('voicechat.error'), 'audio_overflow', true);
  });

  it('model_unavailable: the agent apologises in its own turn', async () => {
    on.providers.script = {
      ...fast,
      faults: [{ provider: 'openai', kind: 'refuse', status: 401, times: 'always' }],
    };
    const client = await on.greeted();
    const complete = await converse(client);
    expectTrouble(await client.next('voicechat.error'), 'model_unavailable', false);
    expect(responseEvents(client, utteranceOf(complete)).at(0)).toBe('start');
    expect(responseEvents(client, utteranceOf(complete))).toContain('chunk');
  });

  it('synthesiser_unavailable: the turn is text between one start and one complete', async () => {
    on.providers.script = {
      ...fast,
      faults: [{ provider: 'elevenlabs', kind: 'refuse', status: 401, times: 'always' }],
    };
    const client = await on.join();
    const complete = await converse(client);
    expectTrouble(await client.next('voicechat.error'), 'synthesiser_unavailable', false);
    expect(responseEvents(client, utteranceOf(complete))).toEqual(['start', 'text', 'complete']);
    const [text] = client.all('voicechat.response.text');
    expect(text?.payload['text']).toBe('It is ten dollars a month.');
  });
});

/** The last name parts of an utterance's events, in order. */
function responseEvents(client: WireClient, utteranceId: string): readonly string[] {
  return client.frames.flatMap((frame) =>
    frame.eventType.startsWith('voicechat.response.') && utteranceOf(frame) === utteranceId
      ? [frame.eventType.replace('voicechat.response.', '')]
      : [],
  );
}

/** The length of the audio in the frames. */
function audioMs(frames: readonly WireFrame[]): number {
  const bytes = frames
    .filter(({ eventType }) => eventType === 'voicechat.response.chunk')
    .reduce((sum, { payload }) => sum + (payload['audio'] as Uint8Array).byteLength, 0); // bin, tested above
  return bytes / 2 / (VOICE_RATE / 1000);
}

function expectTrouble(frame: WireFrame, code: string, retryable: boolean): void {
  expect(frame.payload).toEqual({ code, retryable, message: expect.stringMatching(/^[A-Z].*\.$/) });
  expect('requestType' in frame).toBe(false);
  expect(uuidVersion(frame.eventId)).toBe(7);
}
