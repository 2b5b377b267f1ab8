import { beforeEach, describe, expect, it } from 'vitest';
import type { CallEvent } from '../../../src/conversation/events.ts';
import { Nova } from '../../../src/providers/deepgram/nova.ts';
import { Seam } from '../../../src/providers/deepgram/seam.ts';

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
/** What a message tells, but for how far the audio was heard. */
const told = (message: Record<string, unknown>) => toldBy(nova, message);
function toldBy(dialect: Nova, message: Record<string, unknown>): readonly CallEvent[] {
  return dialect.read(message).flatMap((event): readonly CallEvent[] => {
    if (event.type === 'recogniser.segment' || event.type === 'recogniser.listened') return [];
    return event.type === 'recogniser.interim' ? [{ type: event.type, text: event.text }] : [event];
  });
}

const interim = (text: string) => [{ type: 'recogniser.interim', text }];
const eager = (text: string) => ({ type: 'recogniser.eager', text });
const final = (text: string, endMs: number | undefined) => [{ type: 'recogniser.final', text, endMs }];

describe('utterances of Nova', () => {
  it('reports an interim as it grows', () => {
    expect(told(results('how much'))).toEqual(interim('how much'));
    expect(told(results('how much does it'))).toEqual(interim('how much does it'));
  });

  it('takes absent and null flags for false', () => {
    const bare = { ...results('hello'), is_final: null, speech_final: null, from_finalize: null };
    expect(told(bare)).toEqual(interim('hello'));
  });

  it('puts an interim behind the segments that are final', () => {
    expect(told(results('I would like', FINAL))).toEqual(interim('I would like'));
    expect(told(results('to know'))).toEqual(interim('I would like to know'));
  });

  it('takes no word back that a final segment leaves to the next interim', () => {
    expect(told(results('Stop, how'))).toEqual(interim('Stop, how'));
    expect(told(results('Stop,', FINAL))).toEqual([]);
    expect(told(results('how much'))).toEqual(interim('Stop, how much'));
    expect(told(results('how'))).toEqual(interim('Stop, how'));
  });

  it('joins the segments of a long utterance at its end', () => {
    told(results('I would like', FINAL, 3));
    told(results('to know', FINAL, 6));
    expect(told(results('the price.', END, 7.5))).toEqual(final('I would like to know the price.', 7500));
  });

  it('begins the next utterance empty', () => {
    told(results('one', END));
    expect(told(results('two', END, 9))).toEqual(final('two', 9000));
  });

  it('commits what waits when the end of speech comes without words', () => {
    told(results('hello there', FINAL, 2));
    expect(told(results('', END))).toEqual(final('hello there', 2000));
  });

  it('makes nothing of silence', () => {
    expect(told(results(''))).toEqual([]);
    expect(told(results('', FINAL, 1, 5))).toEqual([]);
    expect(told(results('', END))).toEqual([]);
  });

  it('keeps the end of the last known word when a segment has none', () => {
    told(results('hello', FINAL, 2));
    const wordless = results('there', END);
    wordless['channel'] = { alternatives: [{ transcript: 'there' }] };
    expect(told(wordless)).toEqual(final('hello there', 2000));
  });
});

describe('UtteranceEnd', () => {
  it('commits when the end of speech never came', () => {
    told(results('in the noise', FINAL, 3.2));
    expect(told(utteranceEnd(3.2))).toEqual(final('in the noise', 3200));
  });

  it('is no news for words already committed', () => {
    told(results('hello', END, 3.2));
    expect(told(utteranceEnd(3.2))).toEqual([]);
  });

  it('is no news when it is about earlier words than those that wait', () => {
    told(results('hello', END, 3.2));
    told(results('and another', FINAL, 5));
    expect(told(utteranceEnd(3.2))).toEqual([]);
    expect(told(utteranceEnd(4.995))).toEqual(final('and another', 5000));
  });

  it('is ignored when it knows no word', () => {
    const wordless = results('hello', FINAL);
    wordless['channel'] = { alternatives: [{ transcript: 'hello', words: [] }] };
    told(wordless);
    expect(told(utteranceEnd(-1))).toEqual([]);
  });
});

describe('the answer to Finalize', () => {
  it('commits without an end of speech', () => {
    told(results('cut', FINAL));
    expect(told(results('short', FLUSHED, 2))).toEqual(final('cut short', 2000));
  });

  it('is an empty final when there was nothing to flush', () => {
    expect(told(results('', FLUSHED))).toEqual(final('', undefined));
  });

  it('may be absent: the end of speech commits as ever', () => {
    expect(told(results('as ever', END, 1))).toEqual(final('as ever', 1000));
    expect(told(results('', FLUSHED))).toEqual(final('', undefined));
  });

  it('commits every time it is asked for', () => {
    told(results('one', FLUSHED));
    expect(told(results('two', FLUSHED, 2))).toEqual(final('two', 2000));
  });
});

describe('a pause', () => {
  it('is told behind the interim whose last word ended 150 ms before its audio does', () => {
    expect(told(results('how much', {}, 1, 1.149))).toEqual(interim('how much'));
    expect(told(results('how much is it', {}, 2, 2.15))).toEqual([
      ...interim('how much is it'),
      eager('how much is it'),
    ]);
  });

  it('is told when the same words are repeated over 150 ms more of audio', () => {
    told(results('how much', {}, 1));
    expect(told(results('how much', {}, 1.2, 1.149))).toEqual(interim('how much'));
    expect(told(results('how much', {}, 1.2, 1.15))).toEqual([...interim('how much'), eager('how much')]);
  });

  it('is told behind a segment that is final without ending speech, with all words so far', () => {
    told(results('I would like', FINAL, 3));
    expect(told(results('to know', FINAL, 5, 5.2))).toEqual([
      ...interim('I would like to know'),
      eager('I would like to know'),
    ]);
    told(results('the price', {}, 6));
    expect(told(results('the price', {}, 6, 6.2)).at(-1)).toEqual(eager('I would like to know the price'));
  });

  it('is told from results of silence when words wait', () => {
    told(results('hello there', FINAL, 2));
    expect(told(results('', {}, 2, 2.1))).toEqual([]);
    expect(told(results('', {}, 2, 2.2))).toEqual([eager('hello there')]);
    expect(told(results('', FINAL, 2, 3))).toEqual([]);
  });

  it('is told once for a text, and again for another or for one that came back', () => {
    const last = (text: string) => told(results(text, {}, 1, 1.5)).at(-1);
    expect([last('no'), last('no'), last('no thanks'), last('no thanks'), last('no')]).toEqual([
      eager('no'),
      ...interim('no'),
      eager('no thanks'),
      ...interim('no thanks'),
      eager('no'),
    ]);
  });

  it('is told again for a text that other words had replaced, even where those had no pause', () => {
    told(results('no', {}, 1, 1.5));
    told(results('no thanks', {}, 2));
    expect(told(results('no', {}, 1, 2.2)).at(-1)).toEqual(eager('no'));
  });

  it('is the same pause when only capitals and punctuation change, told again with the text as it is', () => {
    told(results('so how much', {}, 1));
    expect(told(results('So, how much?', {}, 1.2, 1.2)).at(-1)).toEqual(eager('So, how much?'));
    expect(told(results('So, how much.', {}, 1.3, 1.3)).at(-1)).toEqual(eager('So, how much.'));
  });

  it('is not yet there when the words changed', () => {
    told(results('how much', {}, 1));
    expect(told(results('how match', {}, 1.6))).toEqual(interim('how match'));
  });

  it('does not reach into the next utterance', () => {
    told(results('yes', {}, 1, 1.5));
    told(results('yes', END, 1, 1.6));
    expect(told(results('yes', {}, 3))).toEqual(interim('yes'));
    expect(told(results('yes', {}, 3, 3.2)).at(-1)).toEqual(eager('yes'));
  });

  it('is not told beside the final words', () => {
    expect(told(results('bye', END, 1, 1.6))).toEqual(final('bye', 1000));
  });

  it('is not told of results without times or words without ends', () => {
    const timeless = { ...results('hello', {}, 1, 9), start: null };
    expect(told(timeless)).toEqual(interim('hello'));
    const endless = results('hello', {}, 1, 9);
    endless['channel'] = { alternatives: [{ transcript: 'hello' }] };
    expect(told(endless)).toEqual(interim('hello'));
  });

  it('is never told without speculation', () => {
    const sure = new Nova(false);
    expect(toldBy(sure, results('how much', {}, 1, 3))).toEqual(interim('how much'));
    expect(toldBy(sure, results('how much', {}, 1, 4))).toEqual(interim('how much'));
    expect(toldBy(sure, results('how much', FINAL, 1, 5))).toEqual(interim('how much'));
    expect(toldBy(sure, results('', {}, 1, 6))).toEqual([]);
  });
});

describe('how far the audio was heard', () => {
  const listened = (untilMs: number) => ({ type: 'recogniser.listened', untilMs });

  it('is told of words that may change: where the last of them ends', () => {
    expect(nova.read(results('how much', {}, 1.25))).toEqual([
      { type: 'recogniser.interim', text: 'how much', endMs: 1250 },
    ]);
  });

  it('is told of segments that are final while the utterance goes on', () => {
    expect(nova.read(results('I would like', FINAL, 3)).at(0)).toEqual({
      type: 'recogniser.segment',
      text: 'I would like',
      endMs: 3000,
    });
    expect(nova.read(results('to know', FINAL, 6)).at(0)).toEqual({
      type: 'recogniser.segment',
      text: 'I would like to know',
      endMs: 6000,
    });
    expect(nova.read(results('the price', END, 7))).toEqual(final('I would like to know the price', 7000));
  });

  it('is told of silence, final or not', () => {
    expect(nova.read(results('', {}, 0, 2))).toEqual([listened(2000)]);
    expect(nova.read(results('', END, 0, 4))).toEqual([listened(4000)]);
  });

  it('is not told while words wait for their end', () => {
    nova.read(results('hello', {}, 1));
    expect(nova.read(results('', {}, 0, 2))).toEqual([]);
    nova.read(results('hello', FINAL, 1));
    expect(nova.read(results('', FINAL, 0, 3)).map(({ type }) => type)).not.toContain('recogniser.listened');
  });

  it('is told when the words were taken back for good', () => {
    nova.read(results('hello', {}, 1));
    expect(nova.read(results('', FINAL, 0, 3))).toEqual([listened(3000)]);
  });

  it('is not told of a result without times', () => {
    expect(nova.read({ ...results(''), start: null })).toEqual([]);
  });
});

describe('words that an earlier connection heard', () => {
  const spoken = (...words: readonly [string, number, number][]) => {
    const timed = words.map(([word, start, end]) => ({ word, punctuated_word: word, start, end }));
    const message = results(words.map(([word]) => word).join(' '), {}, 0, words.at(-1)?.[2]);
    return {
      ...message,
      start: 0,
      duration: words.at(-1)?.[2],
      channel: { alternatives: [{ transcript: words.map(([word]) => word).join(' '), words: timed }] },
    };
  };
  beforeEach(() => {
    // The call's audio is 2 s ahead of the connection's.
    nova = new Nova(false, (ms) => ms + 2000);
    nova.begin(new Seam({ untilMs: 2500, exact: true, words: 'how much' }));
  });

  it('are not told again, as interims and as finals', () => {
    expect(nova.read(spoken(['much', 0.2, 0.5]))).toEqual([{ type: 'recogniser.listened', untilMs: 2500 }]);
    expect(told(spoken(['much', 0.2, 0.5], ['is', 0.6, 0.8]))).toEqual(interim('is'));
    expect(told({ ...spoken(['much', 0.2, 0.5], ['is', 0.6, 0.8], ['it', 0.8, 1]), ...END })).toEqual(
      final('is it', 3000),
    );
  });

  it('are no final of their own', () => {
    expect(told({ ...spoken(['much', 0.2, 0.5]), ...END })).toEqual([]);
    expect(told({ ...spoken(['is', 0.6, 0.8]), ...END })).toEqual(final('is', 2800));
  });

  it('are no sound of the caller, but what follows is', () => {
    expect(told({ type: 'SpeechStarted', channel: [0, 1], timestamp: 0.1 })).toEqual([]);
    expect(told({ type: 'SpeechStarted', channel: [0, 1], timestamp: 0.6 })).toEqual([
      { type: 'recogniser.speech' },
    ]);
  });
});

describe('other messages', () => {
  it('reports speech', () => {
    expect(told({ type: 'SpeechStarted', channel: [0, 1], timestamp: 1 })).toEqual([
      { type: 'recogniser.speech' },
    ]);
  });

  it.each([
    { type: 'Metadata', duration: 3 },
    { type: 'SomethingNew' },
    {},
    { type: 'Results', channel: {} },
  ])('passes over %j', (message) => {
    expect(told(message)).toEqual([]);
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
