import { describe, expect, it } from 'vitest';
import { readIncoming } from '../../../src/client/incoming.ts';
import { newsOf } from '../../../src/client/news.ts';
import { encode } from '../../../src/protocol/codec.ts';

const sessionId = '0190c0de-0000-7000-8000-000000000000';

describe('a frame of the server', () => {
  it('is read with its audio', () => {
    const incoming = read('voicechat.response.chunk', {
      utteranceId: 'u1',
      sampleRate: 24_000,
      audio: Uint8Array.of(1, 2, 3, 4),
    });
    if (incoming?.eventType !== 'voicechat.response.chunk') throw new Error('not a chunk');
    const { audio, utteranceId, sampleRate } = incoming.payload;
    expect([incoming.sessionId, utteranceId, sampleRate, ...audio]).toEqual([
      sessionId,
      'u1',
      24_000,
      1,
      2,
      3,
      4,
    ]);
  });

  it.each([
    ['an odd byte', { utteranceId: 'u1', sampleRate: 24_000, audio: Uint8Array.of(1, 2, 3) }],
    ['no audio', { utteranceId: 'u1', sampleRate: 24_000, audio: new Uint8Array(0) }],
    ['an impossible rate', { utteranceId: 'u1', sampleRate: Number.NaN, audio: Uint8Array.of(1, 2) }],
    ['no utterance', { sampleRate: 24_000, audio: Uint8Array.of(1, 2) }],
  ])('with %s is refused', (_, payload) => {
    expect(() => read('voicechat.response.chunk', payload)).toThrow();
  });

  it('of an unknown kind is ignored', () => {
    expect(read('voicechat.later.idea', { anything: 1 })).toBeUndefined();
  });

  it('that acks a request is ignored', () => {
    expect(read('voicechat.audio.start', { success: true })).toBeUndefined();
  });

  it.each(['voicechat.audio.error', 'voicechat.error', 'error.unknown'])(
    '%s becomes a problem in the words of the server',
    (eventType) => {
      const incoming = read(eventType, { message: 'no such voice', code: 'x', retryable: false });
      const news = incoming && newsOf(incoming);
      expect(news).toMatchObject({ kind: 'problem', problem: { kind: 'server', message: 'no such voice' } });
    },
  );

  it('that is no message at all is refused', () => {
    expect(() => readIncoming(Uint8Array.of(0xc1))).toThrow();
    expect(() => readIncoming(new Uint8Array(0))).toThrow();
  });
});

describe('news of a call', () => {
  it.each([
    ['an interrupted turn', true, 3],
    ['a whole turn', false, 9],
  ])('tells how many words of %s were heard', (_, interrupted, heard) => {
    const metrics = { ...spoken, wordsSaid: 9, wordsHeard: 3, interrupted };
    expect(news('voicechat.turn.metrics', metrics)).toEqual({
      kind: 'counted',
      utteranceId: 'u1',
      said: 9,
      heard,
      metrics,
    });
  });

  it('tells what was measured of a turn, a sound nobody has named yet included', () => {
    const metrics = {
      ...spoken,
      turnId: 't1',
      endOfTurnMs: 310,
      firstTokenMs: 480,
      firstAudioMs: 620,
      firstHeardMs: 700,
      speculation: 'hit',
      wastedTokens: 12,
      pauses: 1,
      verdict: 'a cough',
      verdictMs: 240,
      wordsSaid: 9,
      wordsHeard: 9,
      interrupted: false,
    };
    expect(news('voicechat.turn.metrics', metrics)).toMatchObject({ kind: 'counted', metrics });
  });

  it('tells that the call will be ended', () => {
    expect(news('voicechat.call.warning', { remainingMs: 60_000 })).toEqual({
      kind: 'warning',
      remainingMs: 60_000,
    });
  });

  it.each([
    ['an earlier server', { reason: 'agent_ended', outcome: 'opted-out' }],
    ['a call without a measured turn', { reason: 'caller_silent', latency: { turns: 0 } }],
    [
      'a whole call',
      { reason: 'max_duration', latency: { turns: 3, firstAudioMs: { p50: 600, p95: 900, max: 910 } } },
    ],
    ['a later server', { reason: 'the_moon_rose' }],
  ])('reads the end of %s', (_, payload) => {
    const ended = read('voicechat.call.ended', payload);
    expect(ended?.payload).toEqual(payload);
  });

  it('tells a guess from what was finally understood', () => {
    const guess = read('voicechat.transcript.interim', { text: 'hel', turnId: 't1' });
    const final = read('voicechat.transcript.final', { text: 'hello', turnId: 't1' });
    expect(guess && newsOf(guess)).toEqual({ kind: 'caller', text: 'hel', turnId: 't1', final: false });
    expect(final && newsOf(final)).toEqual({ kind: 'caller', text: 'hello', turnId: 't1', final: true });
  });
});

const spoken = { utteranceId: 'u1', sentMs: 900, heardMs: 300 };

function news(eventType: string, payload: Record<string, unknown>) {
  const incoming = read(eventType, payload);
  return incoming && newsOf(incoming);
}

function read(eventType: string, payload: Record<string, unknown>) {
  return readIncoming(encode({ eventType, eventId: sessionId, sessionId, payload }));
}
