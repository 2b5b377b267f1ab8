import { beforeEach, describe, expect, it } from 'vitest';
import { Nova } from '../../../src/providers/deepgram/nova.ts';

let nova: Nova;
beforeEach(() => {
  nova = new Nova(true);
});

interface Flags {
  readonly is_final?: boolean;
  readonly speech_final?: boolean;
  readonly from_finalize?: boolean;
}

const FINAL = { is_final: true } as const;
const END = { is_final: true, speech_final: true } as const;
const FLUSHED = { is_final: true, from_finalize: true } as const;

/** `end`: where the last word ends; `reach`: where the audio of the result does; both in seconds. */
function results(transcript: string, flags: Flags = {}, end = 1, reach = end): Record<string, unknown> {
  const words = transcript === '' ? [] : [{ word: 'w', start: 0, end, confidence: 1 }];
  return {
    type: 'Results',
    channel_index: [0, 1],
    duration: reach - 0.5,
    start: 0.5,
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
const eager = (text: string) => ({ type: 'recogniser.eager', text });
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

  it('takes no word back that a final segment leaves to the next interim', () => {
    expect(nova.read(results('Stop, how'))).toEqual(interim('Stop, how'));
    expect(nova.read(results('Stop,', FINAL))).toEqual([]);
    expect(nova.read(results('how much'))).toEqual(interim('Stop, how much'));
    expect(nova.read(results('how'))).toEqual(interim('Stop, how'));
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
    expect(nova.read(results('', FINAL, 1, 5))).toEqual([]);
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

describe('a pause', () => {
  it('is told behind the interim whose last word ended 150 ms before its audio does', () => {
    expect(nova.read(results('how much', {}, 1, 1.149))).toEqual(interim('how much'));
    expect(nova.read(results('how much is it', {}, 2, 2.15))).toEqual([
      ...interim('how much is it'),
      eager('how much is it'),
    ]);
  });

  it('is told when the same words are repeated over 150 ms more of audio', () => {
    nova.read(results('how much', {}, 1));
    expect(nova.read(results('how much', {}, 1.2, 1.149))).toEqual(interim('how much'));
    expect(nova.read(results('how much', {}, 1.2, 1.15))).toEqual([
      ...interim('how much'),
      eager('how much'),
    ]);
  });

  it('is told behind a segment that is final without ending speech, with all words so far', () => {
    nova.read(results('I would like', FINAL, 3));
    expect(nova.read(results('to know', FINAL, 5, 5.2))).toEqual([
      ...interim('I would like to know'),
      eager('I would like to know'),
    ]);
    nova.read(results('the price', {}, 6));
    expect(nova.read(results('the price', {}, 6, 6.2)).at(-1)).toEqual(
      eager('I would like to know the price'),
    );
  });

  it('is told from results of silence when words wait', () => {
    nova.read(results('hello there', FINAL, 2));
    expect(nova.read(results('', {}, 2, 2.1))).toEqual([]);
    expect(nova.read(results('', {}, 2, 2.2))).toEqual([eager('hello there')]);
    expect(nova.read(results('', FINAL, 2, 3))).toEqual([]);
  });

  it('is told once for a text, and again for another or for one that came back', () => {
    const told = (text: string) => nova.read(results(text, {}, 1, 1.5)).at(-1);
    expect([told('no'), told('no'), told('no thanks'), told('no thanks'), told('no')]).toEqual([
      eager('no'),
      ...interim('no'),
      eager('no thanks'),
      ...interim('no thanks'),
      eager('no'),
    ]);
  });

  it('is told again for a text that other words had replaced, even where those had no pause', () => {
    nova.read(results('no', {}, 1, 1.5));
    nova.read(results('no thanks', {}, 2));
    expect(nova.read(results('no', {}, 1, 2.2)).at(-1)).toEqual(eager('no'));
  });

  it('is the same pause when only capitals and punctuation change, told again with the text as it is', () => {
    nova.read(results('so how much', {}, 1));
    expect(nova.read(results('So, how much?', {}, 1.2, 1.2)).at(-1)).toEqual(eager('So, how much?'));
    expect(nova.read(results('So, how much.', {}, 1.3, 1.3)).at(-1)).toEqual(eager('So, how much.'));
  });

  it('is not yet there when the words changed', () => {
    nova.read(results('how much', {}, 1));
    expect(nova.read(results('how match', {}, 1.6))).toEqual(interim('how match'));
  });

  it('does not reach into the next utterance', () => {
    nova.read(results('yes', {}, 1, 1.5));
    nova.read(results('yes', END, 1, 1.6));
    expect(nova.read(results('yes', {}, 3))).toEqual(interim('yes'));
    expect(nova.read(results('yes', {}, 3, 3.2)).at(-1)).toEqual(eager('yes'));
  });

  it('is not told beside the final words', () => {
    expect(nova.read(results('bye', END, 1, 1.6))).toEqual(final('bye', 1000));
  });

  it('is not told of results without times or words without ends', () => {
    const timeless = { ...results('hello', {}, 1, 9), start: null };
    expect(nova.read(timeless)).toEqual(interim('hello'));
    const endless = results('hello', {}, 1, 9);
    endless['channel'] = { alternatives: [{ transcript: 'hello' }] };
    expect(nova.read(endless)).toEqual(interim('hello'));
  });

  it('is never told without speculation', () => {
    const sure = new Nova(false);
    expect(sure.read(results('how much', {}, 1, 3))).toEqual(interim('how much'));
    expect(sure.read(results('how much', {}, 1, 4))).toEqual(interim('how much'));
    expect(sure.read(results('how much', FINAL, 1, 5))).toEqual(interim('how much'));
    expect(sure.read(results('', {}, 1, 6))).toEqual([]);
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
    eagerEotThreshold: 0.5,
    eotTimeoutMs: 5000,
    replaySpeed: 1.25,
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
