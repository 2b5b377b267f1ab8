import { describe, expect, it } from 'vitest';
import { SpokenText } from '../../../src/conversation/spoken.ts';
import { alignment } from '../../support/scene.ts';

function spoken(...pieces: readonly string[]): SpokenText {
  const text = new SpokenText();
  for (const piece of pieces) text.say(piece);
  return text;
}

describe('words that were heard', () => {
  it('[H1] a word counts from the moment half of it has sounded', () => {
    const text = spoken('Good morning to you.');
    text.voiced(alignment('Good morning to you.', 100), 0);
    const heard = (ms: number) => text.heard(ms, 2000, true);
    expect([199, 200, 849, 850, 1400, 1800, 2000].map(heard)).toEqual([
      '',
      'Good',
      'Good',
      'Good morning',
      'Good morning to',
      'Good morning to you.',
      'Good morning to you.',
    ]);
  });

  it('[H1] spaces that the synthesiser adds, folds or leaves out shift no word', () => {
    const wanted = ['', 'one', 'one two', 'one two three'];
    for (const said of ['one two three', ' one  two   three ', 'onetwothree']) {
      const text = spoken('one two three');
      const times = alignment(said, 100);
      text.voiced(times, 0);
      const middles = ['one', 'two', 'three'].map((word) => (said.indexOf(word) + word.length / 2) * 100);
      expect([0, ...middles].map((ms) => text.heard(ms, 5000, true))).toEqual(wanted);
    }
  });

  it('[H1] an alignment longer than the text is not believed beyond it', () => {
    const text = spoken('one two');
    text.voiced(alignment('one two and some more', 100), 0);
    expect(text.voicedAll).toBe(true);
    expect(text.heard(10_000, 2100, true)).toBe('one two');
  });

  it('[H1] times of a later piece count from where it was sent', () => {
    const text = spoken('one two', 'three four');
    text.voiced(alignment('one two', 100), 0);
    text.voiced(alignment('three four', 100), 1000);
    expect(text.heard(999, 2000, true)).toBe('one two');
    expect(text.heard(1249, 2000, true)).toBe('one two');
    expect(text.heard(1250, 2000, true)).toBe('one two three');
  });

  it('[H1] without any alignment the words are spread over the audio', () => {
    const text = spoken('aaaa bbbb cccc');
    expect([199, 200, 599, 600, 1000].map((ms) => text.heard(ms, 1200, true))).toEqual([
      '',
      'aaaa',
      'aaaa',
      'aaaa bbbb',
      'aaaa bbbb cccc',
    ]);
  });

  it('[H1] of no words none was heard', () => {
    expect(spoken().heard(5000, 5000, true)).toBe('');
  });
});

describe('words that have no sound yet', () => {
  it('[F5] are those whose characters were never told', () => {
    const text = spoken('one two', 'three four');
    text.voiced(alignment('one two', 100), 0);
    expect(text.restart(700)).toBe('three four');
  });

  it('[F5] and those that were told ahead of audio that never came', () => {
    const text = spoken('one two three four');
    text.voiced(alignment('one two three four', 100), 0);
    expect(text.restart(1800)).toBe('');
    expect(text.restart(700)).toBe('three four');
  });

  it('[F5] a word that was begun is not begun again', () => {
    const text = spoken('one two three four');
    text.voiced(alignment('one two three four', 100), 0);
    expect(text.restart(1000)).toBe('four');
  });

  it('[F5] a rounded end of a character is no missing audio', () => {
    const text = spoken('one a');
    text.voiced(alignment('one a', 100), 0);
    expect(text.restart(485)).toBe('');
    expect(text.restart(475)).toBe('a');
  });
});

describe('pieces', () => {
  it('[R1] are due with the first of their audio, each once', () => {
    const text = spoken('one two', 'three four');
    text.voiced(alignment('one', 100), 0);
    expect(text.due(0)).toEqual([]);
    expect(text.due(300)).toEqual(['one two']);
    text.voiced(alignment(' two', 100), 300);
    text.voiced(alignment('t', 100), 700);
    expect(text.due(700)).toEqual([]);
    expect(text.due(701)).toEqual(['three four']);
    expect(text.rest()).toEqual([]);
  });

  it('[R1] that never got audio are the rest', () => {
    const text = spoken('one two', 'three four');
    text.voiced(alignment('one two', 100), 0);
    expect([text.due(700), text.rest(), text.rest()]).toEqual([['one two'], ['three four'], []]);
  });

  it('[R7] a filler precedes what was to be said first, in words and in time', () => {
    const text = spoken('one two');
    text.precede('just a');
    text.say('three');
    expect(text.text).toBe('just a one two three');
    text.voiced(alignment('just a', 100), 0);
    text.voiced(alignment('one two', 100), 600);
    expect(text.heard(600, 1300, true)).toBe('just a');
    expect(text.heard(750, 1300, true)).toBe('just a one');
    expect(text.voicedAll).toBe(false);
  });
});
