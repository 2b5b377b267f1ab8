import { describe, expect, it } from 'vitest';
import { parseRequest } from '../../../src/protocol/requests.ts';

const envelope = { eventId: 'e1', sessionId: 's1' };
const pcm = new Uint8Array(640);

describe('what is read', () => {
  it.each<[string, unknown, unknown]>([
    ['voicechat.audio.start', {}, { samplingRate: 16_000 }],
    ['voicechat.audio.start', { samplingRate: 8000 }, { samplingRate: 8000 }],
    ['voicechat.audio.start', { samplingRate: 48_000 }, { samplingRate: 48_000 }],
    [
      'voicechat.audio.start',
      { samplingRate: null, voiceId: null, language: null, more: 1 },
      { samplingRate: 16_000 },
    ],
    [
      'voicechat.audio.start',
      { voiceId: 'v', language: 'zh-Hans-CN' },
      { samplingRate: 16_000, voiceId: 'v', language: 'zh-Hans-CN' },
    ],
    ['voicechat.audio.chunk', { audio: pcm }, { audio: pcm, isMuted: false }],
    ['voicechat.audio.chunk', { audio: pcm, isMuted: null }, { audio: pcm, isMuted: false }],
    ['voicechat.audio.chunk', { audio: pcm, isMuted: true }, { audio: pcm, isMuted: true }],
    ['voicechat.audio.chunk', { audio: new Uint8Array(2) }, { audio: new Uint8Array(2), isMuted: false }],
    [
      'voicechat.audio.chunk',
      { audio: new Uint8Array(64_000) },
      { audio: new Uint8Array(64_000), isMuted: false },
    ],
    ['voicechat.audio.end', {}, {}],
    ['voicechat.call.end', {}, {}],
    ['voicechat.text.input', { text: ' Hello. ' }, { text: 'Hello.', again: false }],
    ['voicechat.text.input', { text: 'Hello.', again: true }, { text: 'Hello.', again: true }],
    ['voicechat.text.input', { text: 'a'.repeat(2000) }, { text: 'a'.repeat(2000), again: false }],
    [
      'voicechat.playback.progress',
      { utteranceId: 'u', playedMs: 0 },
      { utteranceId: 'u', playedMs: 0, ended: false },
    ],
    [
      'voicechat.playback.progress',
      { utteranceId: 'u', playedMs: 12.5, ended: true },
      { utteranceId: 'u', playedMs: 12.5, ended: true },
    ],
    [
      'voicechat.playback.progress',
      { utteranceId: 'u', playedMs: 12.5, receivedMs: 80.25 },
      { utteranceId: 'u', playedMs: 12.5, receivedMs: 80.25, ended: false },
    ],
  ])('%s %j', (eventType, payload, read) => {
    expect(parseRequest({ ...envelope, eventType, payload })).toEqual({
      request: { ...envelope, eventType, payload: read },
    });
  });

  it('gives audio as it came, without copying it', () => {
    const parsed = parseRequest({ ...envelope, eventType: 'voicechat.audio.chunk', payload: { audio: pcm } });
    if (!('request' in parsed) || parsed.request.eventType !== 'voicechat.audio.chunk')
      throw new Error('no chunk');
    expect(parsed.request.payload.audio).toBe(pcm);
  });

  it.each([{}, { sessionId: undefined }, { sessionId: null }, { sessionId: '' }])(
    'no session yet: %j',
    (session) => {
      const parsed = parseRequest({ eventType: 'voicechat.audio.end', eventId: 'e1', ...session });
      expect(parsed).toEqual({
        request: { eventType: 'voicechat.audio.end', eventId: 'e1', sessionId: '', payload: {} },
      });
    },
  );
});

describe('what is refused: the payload', () => {
  const long = 'a'.repeat(129);
  it.each<[string, unknown, string, string]>([
    [
      'audio.start',
      { samplingRate: 7999 },
      'invalid_sampling_rate',
      'samplingRate: an integer from 8000 to 48000 Hz is accepted, got 7999',
    ],
    [
      'audio.start',
      { samplingRate: 48_001 },
      'invalid_sampling_rate',
      'samplingRate: an integer from 8000 to 48000 Hz is accepted, got 48001',
    ],
    [
      'audio.start',
      { samplingRate: 16_000.5 },
      'invalid_sampling_rate',
      'samplingRate: an integer from 8000 to 48000 Hz is accepted, got 16000.5',
    ],
    [
      'audio.start',
      { samplingRate: '16000' },
      'invalid_sampling_rate',
      'samplingRate: an integer from 8000 to 48000 Hz is accepted, got "16000"',
    ],
    [
      'audio.start',
      { samplingRate: Number.NaN },
      'invalid_sampling_rate',
      'samplingRate: an integer from 8000 to 48000 Hz is accepted, got NaN',
    ],
    [
      'audio.start',
      { samplingRate: {} },
      'invalid_sampling_rate',
      'samplingRate: an integer from 8000 to 48000 Hz is accepted, got a map',
    ],
    [
      'audio.start',
      { language: 'en_US' },
      'invalid_language',
      'language: a BCP-47 tag such as en-US is accepted, got "en_US"',
    ],
    [
      'audio.start',
      { language: 5 },
      'invalid_language',
      'language: a BCP-47 tag such as en-US is accepted, got 5',
    ],
    [
      'audio.start',
      { voiceId: '' },
      'invalid_payload',
      'voiceId: a string of 1 to 128 characters is accepted, got ""',
    ],
    [
      'audio.start',
      { voiceId: long },
      'invalid_payload',
      `voiceId: a string of 1 to 128 characters is accepted, got "${'a'.repeat(60)}…"`,
    ],
    ['audio.chunk', {}, 'invalid_payload', 'audio: binary 16-bit PCM is accepted, got nothing'],
    ['audio.chunk', { audio: null }, 'invalid_payload', 'audio: binary 16-bit PCM is accepted, got null'],
    [
      'audio.chunk',
      { audio: [1, 2] },
      'invalid_payload',
      'audio: binary 16-bit PCM is accepted, got an array',
    ],
    [
      'audio.chunk',
      { audio: new Uint8Array(0) },
      'audio_empty',
      'audio: at least one sample is accepted, got 0 bytes',
    ],
    [
      'audio.chunk',
      { audio: new Uint8Array(3) },
      'audio_odd_length',
      'audio: whole 16-bit samples are accepted, got 3 bytes',
    ],
    [
      'audio.chunk',
      { audio: new Uint8Array(64_002) },
      'audio_too_large',
      'audio: at most 64000 bytes are accepted, got 64002',
    ],
    [
      'audio.chunk',
      { audio: pcm, isMuted: 1 },
      'invalid_payload',
      'isMuted: true or false is accepted, got 1',
    ],
    ['text.input', { text: 'a', again: 1 }, 'invalid_payload', 'again: true or false is accepted, got 1'],
    ['text.input', {}, 'invalid_payload', 'text: a string of 1 to 2000 characters is accepted, got nothing'],
    [
      'text.input',
      { text: ' ' },
      'invalid_payload',
      'text: a string of 1 to 2000 characters is accepted, got " "',
    ],
    [
      'text.input',
      { text: pcm },
      'invalid_payload',
      'text: a string of 1 to 2000 characters is accepted, got binary',
    ],
    [
      'playback.progress',
      { playedMs: 1 },
      'invalid_payload',
      'utteranceId: a string of 1 to 128 characters is accepted, got nothing',
    ],
    [
      'playback.progress',
      { utteranceId: 'u', playedMs: -1 },
      'invalid_payload',
      'playedMs: 0 to 86400000 ms is accepted, got -1',
    ],
    [
      'playback.progress',
      { utteranceId: 'u', playedMs: Number.POSITIVE_INFINITY },
      'invalid_payload',
      'playedMs: 0 to 86400000 ms is accepted, got Infinity',
    ],
    [
      'playback.progress',
      { utteranceId: 'u', playedMs: 1, receivedMs: -1 },
      'invalid_payload',
      'receivedMs: 0 to 86400000 ms is accepted, got -1',
    ],
    [
      'playback.progress',
      { utteranceId: 'u', playedMs: 1, receivedMs: '80' },
      'invalid_payload',
      'receivedMs: 0 to 86400000 ms is accepted, got "80"',
    ],
    [
      'playback.progress',
      { utteranceId: 'u', playedMs: 1, ended: 'yes' },
      'invalid_payload',
      'ended: true or false is accepted, got "yes"',
    ],
  ])('%s %j: %s', (name, payload, code, message) => {
    const eventType = `voicechat.${name}`;
    expect(parseRequest({ ...envelope, eventType, payload })).toEqual({
      refusal: { code, message, requestType: eventType, eventId: 'e1' },
    });
  });
});

describe('what is refused: the envelope', () => {
  const whole = { ...envelope, eventType: 'voicechat.audio.end', payload: {} };
  it.each<[string, unknown, object]>([
    [
      'nothing',
      undefined,
      { code: 'undecodable', message: 'frame: a MessagePack map is accepted, got nothing' },
    ],
    ['an array', [], { code: 'undecodable', message: 'frame: a MessagePack map is accepted, got an array' }],
    ['binary', pcm, { code: 'undecodable', message: 'frame: a MessagePack map is accepted, got binary' }],
    ['a number', 7, { code: 'undecodable', message: 'frame: a MessagePack map is accepted, got a number' }],
    [
      'an empty map',
      {},
      {
        code: 'invalid_envelope',
        message: 'eventType: a string of 1 to 128 characters is accepted, got nothing',
      },
    ],
    [
      'no eventType',
      { ...whole, eventType: undefined },
      {
        code: 'invalid_envelope',
        message: 'eventType: a string of 1 to 128 characters is accepted, got nothing',
        eventId: 'e1',
      },
    ],
    [
      'no eventId',
      { ...whole, eventId: '' },
      {
        code: 'invalid_envelope',
        message: 'eventId: a string of 1 to 128 characters is accepted, got ""',
        requestType: 'voicechat.audio.end',
      },
    ],
    [
      'a number as sessionId',
      { ...whole, sessionId: 1 },
      {
        code: 'invalid_envelope',
        message: 'sessionId: a string is accepted, got 1',
        requestType: 'voicechat.audio.end',
        eventId: 'e1',
      },
    ],
    [
      'binary as payload',
      { ...whole, payload: pcm },
      {
        code: 'invalid_envelope',
        message: 'payload: a map is accepted, got binary',
        requestType: 'voicechat.audio.end',
        eventId: 'e1',
      },
    ],
  ])('%s', (_, frame, refusal) => {
    expect(parseRequest(frame)).toEqual({ refusal });
  });

  it.each(['voicechat.unknown', 'voicechat.response.start', ...Object.getOwnPropertyNames(Object.prototype)])(
    'the event type %s, naming the known ones',
    (eventType) => {
      const parsed = parseRequest({ ...whole, eventType, payload: { problem: 'mine', code: 'mine' } });
      if (!('refusal' in parsed)) throw new Error('it was read');
      expect(parsed.refusal).toMatchObject({ code: 'unknown_event', requestType: eventType, eventId: 'e1' });
      expect(parsed.refusal.message).toMatch(/^eventType: voicechat\.audio\.start, .* are accepted, got "/);
    },
  );
});
