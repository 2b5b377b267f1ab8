import { describe, expect, it } from 'vitest';
import type { DialectOptions } from '../../../src/providers/deepgram/dialect.ts';
import { Flux } from '../../../src/providers/deepgram/flux.ts';

const flux = new Flux();

function turnInfo(event: string, transcript: string, ends: readonly (number | undefined)[] = [1]) {
  const words = transcript === '' ? [] : ends.map((end) => ({ word: 'w', confidence: 1, start: 0, end }));
  return { type: 'TurnInfo', request_id: 'r', sequence_id: 1, event, turn_index: 0, transcript, words };
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
    expect(turn.map((message) => flux.read(message))).toEqual([
      [],
      [{ type: 'recogniser.speech' }, interim('hello')],
      [interim('hello there')],
      [interim('hello there'), eager('hello there')],
      [RESUMED, interim('hello there you')],
      [{ type: 'recogniser.final', text: 'hello there you', endMs: 2250 }],
    ]);
  });

  it('may be eager with words no interim had, and resume without words', () => {
    expect(flux.read(turnInfo('EagerEndOfTurn', 'Hello, you?'))).toEqual([
      interim('Hello, you?'),
      eager('Hello, you?'),
    ]);
    expect(flux.read(turnInfo('TurnResumed', ''))).toEqual([RESUMED]);
    expect(flux.read(turnInfo('EagerEndOfTurn', ''))).toEqual([]);
  });

  it('ends at an unknown time when the words have none', () => {
    const [news] = flux.read(turnInfo('EndOfTurn', 'hello', [undefined]));
    expect(news).toEqual({ type: 'recogniser.final', text: 'hello', endMs: undefined });
  });

  it('reads events it does not know as what they hold', () => {
    expect(flux.read(turnInfo('SomethingNew', 'hello'))).toEqual([interim('hello')]);
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
