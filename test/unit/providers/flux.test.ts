import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../../src/conversation/events.ts';
import type { DialectOptions } from '../../../src/providers/deepgram/dialect.ts';
import { Flux } from '../../../src/providers/deepgram/flux.ts';
import { Seam } from '../../../src/providers/deepgram/seam.ts';

const flux = new Flux();

function turnInfo(event: string, transcript: string, ends: readonly (number | undefined)[] = [1]) {
  const words = transcript === '' ? [] : ends.map((end) => ({ word: 'w', confidence: 1, start: 0, end }));
  return { type: 'TurnInfo', request_id: 'r', sequence_id: 1, event, turn_index: 0, transcript, words };
}

/** What a message tells, but for how far the audio was heard. */
function told(message: Record<string, unknown>): readonly CallEvent[] {
  return flux
    .read(message)
    .map((event) => (event.type === 'recogniser.interim' ? { type: event.type, text: event.text } : event));
}

const interim = (text: string) => ({ type: 'recogniser.interim', text });
const eager = (text: string) => ({ type: 'recogniser.eager', text });
const RESUMED = { type: 'recogniser.resumed' };

describe('a turn of Flux', () => {
  it('follows the grammar from silence to its end', () => {
    const turn = [
      turnInfo('Update', ''),
      turnInfo('StartOfTurn', 'hello'),
      turnInfo('Update', 'hello there'),
      turnInfo('EagerEndOfTurn', 'hello there'),
      turnInfo('TurnResumed', 'hello there you'),
      turnInfo('EndOfTurn', 'hello there you', [1.5, 2.25]),
    ];
    expect(turn.map(told)).toEqual([
      [],
      [{ type: 'recogniser.speech' }, interim('hello')],
      [interim('hello there')],
      [interim('hello there'), eager('hello there')],
      [RESUMED, interim('hello there you')],
      [{ type: 'recogniser.final', text: 'hello there you', endMs: 2250 }],
    ]);
  });

  it('may be eager with words no interim had, and resume without words', () => {
    expect(told(turnInfo('EagerEndOfTurn', 'Hello, you?'))).toEqual([
      interim('Hello, you?'),
      eager('Hello, you?'),
    ]);
    expect(told(turnInfo('TurnResumed', ''))).toEqual([RESUMED]);
    expect(told(turnInfo('EagerEndOfTurn', ''))).toEqual([]);
  });

  it('ends at an unknown time when the words have none', () => {
    const [news] = flux.read(turnInfo('EndOfTurn', 'hello', [undefined]));
    expect(news).toEqual({ type: 'recogniser.final', text: 'hello', endMs: undefined });
  });

  it('reads events it does not know as what they hold', () => {
    expect(told(turnInfo('SomethingNew', 'hello'))).toEqual([interim('hello')]);
  });
});

describe('how far the audio was heard', () => {
  const timed = (event: string, words: readonly [string, number, number][], end: number) => ({
    type: 'TurnInfo',
    event,
    audio_window_start: 0,
    audio_window_end: end,
    transcript: words.map(([word]) => word).join(' '),
    words: words.map(([word, from, to]) => ({ word, start: from, end: to })),
  });

  it('is told of silence', () => {
    expect(flux.read(timed('Update', [], 1.25))).toEqual([{ type: 'recogniser.listened', untilMs: 1250 }]);
  });

  it('is told of the words of a long turn that ended 6 s ago', () => {
    const words: [string, number, number][] = [
      ['Well,', 0, 0.5],
      ['you', 3, 3.5],
      ['know', 4, 4.5],
    ];
    const segments = (reach: number) =>
      flux.read(timed('Update', words, reach)).filter(({ type }) => type === 'recogniser.segment');
    expect(segments(6.4)).toEqual([]);
    expect(segments(6.5)).toEqual([{ type: 'recogniser.segment', text: 'Well,', endMs: 500 }]);
    expect(segments(9.5)).toEqual([{ type: 'recogniser.segment', text: 'Well, you', endMs: 3500 }]);
  });

  it('leaves out what an earlier connection heard: words, starts and ends of turns', () => {
    const again = new Flux((ms) => ms + 2000);
    again.begin(new Seam({ untilMs: 2500, exact: true, words: 'how much' }));
    const old: [string, number, number][] = [['much', 0.2, 0.5]];
    const more: [string, number, number][] = [...old, ['is', 0.6, 0.8]];
    expect(again.read(timed('StartOfTurn', old, 0.5))).toEqual([
      { type: 'recogniser.listened', untilMs: 2500 },
    ]);
    expect(again.read(timed('EndOfTurn', old, 0.6))).toEqual([]);
    again.read(timed('StartOfTurn', old, 0.5));
    expect(again.read(timed('EagerEndOfTurn', more, 1))).toEqual([
      { type: 'recogniser.speech' },
      { type: 'recogniser.interim', text: 'is', endMs: 2800 },
      { type: 'recogniser.eager', text: 'is' },
    ]);
    expect(again.read(timed('EndOfTurn', more, 1.2))).toEqual([
      { type: 'recogniser.final', text: 'is', endMs: 2800 },
    ]);
  });

  it('answers a forced end with nothing when all words were heard before', () => {
    const again = new Flux();
    again.begin(new Seam({ untilMs: 500, exact: true, words: 'much' }));
    const end = { ...timed('EndOfTurn', [['much', 0.2, 0.5]], 0.6), trigger: 'manual' };
    expect(again.read(end)).toEqual([{ type: 'recogniser.final', text: '', endMs: undefined }]);
  });
});

describe('other messages of Flux', () => {
  it('opens when the vendor says so', () => {
    expect(flux.read({ type: 'Connected', request_id: 'r', sequence_id: 0 })).toEqual([
      { type: 'recogniser.open' },
    ]);
  });

  it('answers a forced end without a turn with an empty final', () => {
    const warning = { type: 'Warning', code: 'FORCE_END_TURN_NO_ACTIVE_TURN', description: 'd' };
    expect(flux.read(warning)).toEqual([{ type: 'recogniser.final', text: '', endMs: undefined }]);
    expect(flux.read({ type: 'Warning', code: 'OTHER' })).toEqual([]);
  });

  it.each([
    ['UNPARSABLE_CLIENT_MESSAGE', false],
    ['INTERNAL_SERVER_ERROR', true],
    ['INACTIVE_CLIENT', true],
  ])('error %s: retryable %s', (code, retryable) => {
    const failure = { kind: 'protocol', retryable, detail: `Deepgram error ${code}` };
    expect(flux.read({ type: 'Error', sequence_id: 3, code, description: 'd' })).toEqual([
      { type: 'recogniser.failed', failure },
    ]);
  });

  it.each([{ type: 'ConfigureSuccess' }, { type: 'ConfigureFailure' }, { type: 'SomethingNew' }, {}])(
    'passes over %j',
    (message) => {
      expect(flux.read(message)).toEqual([]);
    },
  );
});

describe('parameters of Flux', () => {
  const options: DialectOptions = {
    apiKey: 'k',
    baseUrl: 'http://x',
    model: 'flux-general-en',
    endpointingMs: 300,
    eotThreshold: 0.8,
    eagerEotThreshold: undefined,
    eotTimeoutMs: 3000,
    replaySpeed: 1.25,
    place: 'live',
    samplingRate: 24_000,
    language: 'de-CH',
  };

  it('holds only what /v2/listen accepts', () => {
    expect(Object.fromEntries(flux.parameters(options))).toEqual({
      model: 'flux-general-en',
      encoding: 'linear16',
      sample_rate: '24000',
      eot_threshold: '0.8',
      eot_timeout_ms: '3000',
    });
  });

  it('asks for eager ends where they are wanted', () => {
    const parameters = flux.parameters({ ...options, eagerEotThreshold: 0.45 });
    expect(parameters.get('eager_eot_threshold')).toBe('0.45');
  });

  it('hints at the language where the model takes a hint', () => {
    const parameters = flux.parameters({ ...options, model: 'flux-general-multi' });
    expect(parameters.get('language_hint')).toBe('de');
  });
});
