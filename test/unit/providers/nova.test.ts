import { beforeEach, describe, expect, it } from 'vitest';
import { Nova } from '../../../src/providers/nova.ts';

let nova: Nova;
beforeEach(() => {
  nova = new Nova();
});

interface Flags {
  readonly is_final?: boolean;
  readonly speech_final?: boolean;
  readonly from_finalize?: boolean;
}

const FINAL = { is_final: true } as const;
const END = { is_final: true, speech_final: true } as const;
const FLUSHED = { is_final: true, from_finalize: true } as const;

function results(transcript: string, flags: Flags = {}, end = 1): Record<string, unknown> {
  const words = transcript === '' ? [] : [{ word: 'w', start: 0, end, confidence: 1 }];
  return {
    type: 'Results',
    channel_index: [0, 1],
    duration: 1,
    start: 0,
    ...flags,
    channel: { alternatives: [{ transcript, confidence: 0.9, words }] },
    metadata: {},
  };
}

const utteranceEnd = (seconds: number) => ({
  type: 'UtteranceEnd',
  channel: [0, 1],
  last_word_end: seconds,
});
const interim = (text: string) => [{ type: 'recogniser.interim', text }];
const final = (text: string, endMs: number | undefined) => [{ type: 'recogniser.final', text, endMs }];

describe('utterances of Nova', () => {
  it('reports an interim as it grows', () => {
    expect(nova.read(results('how much'))).toEqual(interim('how much'));
    expect(nova.read(results('how much does it'))).toEqual(interim('how much does it'));
  });

  it('takes absent and null flags for false', () => {
    const bare = { ...results('hello'), is_final: null, speech_final: null, from_finalize: null };
    expect(nova.read(bare)).toEqual(interim('hello'));
  });

  it('puts an interim behind the segments that are final', () => {
    expect(nova.read(results('I would like', FINAL))).toEqual(interim('I would like'));
    expect(nova.read(results('to know'))).toEqual(interim('I would like to know'));
  });

  it('joins the segments of a long utterance at its end', () => {
    nova.read(results('I would like', FINAL, 3));
    nova.read(results('to know', FINAL, 6));
    expect(nova.read(results('the price.', END, 7.5))).toEqual(
      final('I would like to know the price.', 7500),
    );
  });

  it('begins the next utterance empty', () => {
    nova.read(results('one', END));
    expect(nova.read(results('two', END, 9))).toEqual(final('two', 9000));
  });

  it('commits what waits when the end of speech comes without words', () => {
    nova.read(results('hello there', FINAL, 2));
    expect(nova.read(results('', END))).toEqual(final('hello there', 2000));
  });

  it('makes nothing of silence', () => {
    expect(nova.read(results(''))).toEqual([]);
    expect(nova.read(results('', FINAL))).toEqual([]);
    expect(nova.read(results('', END))).toEqual([]);
  });

  it('keeps the end of the last known word when a segment has none', () => {
    nova.read(results('hello', FINAL, 2));
    const wordless = results('there', END);
    wordless['channel'] = { alternatives: [{ transcript: 'there' }] };
    expect(nova.read(wordless)).toEqual(final('hello there', 2000));
  });
});

describe('UtteranceEnd', () => {
  it('commits when the end of speech never came', () => {
    nova.read(results('in the noise', FINAL, 3.2));
    expect(nova.read(utteranceEnd(3.2))).toEqual(final('in the noise', 3200));
  });

  it('is no news for words already committed', () => {
    nova.read(results('hello', END, 3.2));
    expect(nova.read(utteranceEnd(3.2))).toEqual([]);
  });

  it('is no news when it is about earlier words than those that wait', () => {
    nova.read(results('hello', END, 3.2));
    nova.read(results('and another', FINAL, 5));
    expect(nova.read(utteranceEnd(3.2))).toEqual([]);
    expect(nova.read(utteranceEnd(4.995))).toEqual(final('and another', 5000));
  });

  it('is ignored when it knows no word', () => {
    const wordless = results('hello', FINAL);
    wordless['channel'] = { alternatives: [{ transcript: 'hello', words: [] }] };
    nova.read(wordless);
    expect(nova.read(utteranceEnd(-1))).toEqual([]);
  });
});

describe('the answer to Finalize', () => {
  it('commits without an end of speech', () => {
    nova.read(results('cut', FINAL));
    expect(nova.read(results('short', FLUSHED, 2))).toEqual(final('cut short', 2000));
  });

  it('is an empty final when there was nothing to flush', () => {
    expect(nova.read(results('', FLUSHED))).toEqual(final('', undefined));
  });

  it('may be absent: the end of speech commits as ever', () => {
    expect(nova.read(results('as ever', END, 1))).toEqual(final('as ever', 1000));
    expect(nova.read(results('', FLUSHED))).toEqual(final('', undefined));
  });

  it('commits every time it is asked for', () => {
    nova.read(results('one', FLUSHED));
    expect(nova.read(results('two', FLUSHED, 2))).toEqual(final('two', 2000));
  });
});

describe('other messages', () => {
  it('reports speech', () => {
    expect(nova.read({ type: 'SpeechStarted', channel: [0, 1], timestamp: 1 })).toEqual([
      { type: 'recogniser.speech' },
    ]);
  });

  it.each([
    { type: 'Metadata', duration: 3 },
    { type: 'SomethingNew' },
    {},
    { type: 'Results', channel: {} },
  ])('passes over %j', (message) => {
    expect(nova.read(message)).toEqual([]);
  });
});

it('asks for what a conversation needs', () => {
  const options = {
    apiKey: 'k',
    baseUrl: 'http://x',
    model: 'nova-3',
    endpointingMs: 300,
    eotThreshold: 0.7,
    eotTimeoutMs: 5000,
    place: 'live',
    samplingRate: 44_100,
    language: 'de-CH',
  } as const;
  expect(Object.fromEntries(nova.parameters(options))).toEqual({
    model: 'nova-3',
    language: 'de-CH',
    encoding: 'linear16',
    sample_rate: '44100',
    channels: '1',
    interim_results: 'true',
    endpointing: '300',
    utterance_end_ms: '1000',
    vad_events: 'true',
    smart_format: 'true',
    no_delay: 'true',
  });
});
