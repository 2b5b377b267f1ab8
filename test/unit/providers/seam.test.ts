import { describe, expect, it } from 'vitest';
import { Seam, type TimedWord } from '../../../src/providers/deepgram/seam.ts';

/** Words at even distances: each lasts 300 ms. */
function words(text: string, fromMs: number): readonly TimedWord[] {
  return text.split(' ').map((word, i) => ({
    text: word,
    startMs: fromMs + i * 300,
    endMs: fromMs + i * 300 + 300,
  }));
}

/** What is new of `text`, whose first word begins at `fromMs`, when `heard` had ended at 10 s. */
function fresh(text: string, fromMs: number, heard = 'how much does it cost'): string {
  const seam = new Seam({ untilMs: 10_000, exact: true, words: heard });
  return seam.fresh(text, words(text, fromMs), fromMs).text;
}

describe('words with times', () => {
  it('[F11] are new from the end of the last word heard on', () => {
    expect(fresh('it cost and when', 9400)).toBe('and when');
    expect(fresh('It cost.', 9400)).toBe('');
    expect(fresh('And when?', 10_100)).toBe('And when?');
  });

  it.each([-140, -60, 60, 140])('[F11] are neither lost nor doubled when they are %i ms off', (off) => {
    expect(fresh('it cost and when', 9400 + off)).toBe('and when');
  });

  it('[F11] are not the last word where it is placed later by more than half of it', () => {
    expect(fresh('cost and when', 9890)).toBe('and when');
  });

  it('[F11] are not the last word where it is understood otherwise', () => {
    expect(fresh('it coast and when', 9460)).toBe('and when');
  });

  it('[F11] may be the last word once more', () => {
    expect(fresh('no no', 9700, 'no')).toBe('no');
    expect(fresh('no', 10_400, 'no')).toBe('no');
  });

  it('[F11] keep the marks of the transcript', () => {
    const seam = new Seam({ untilMs: 10_000, exact: true, words: 'cost' });
    expect(seam.fresh('Cost, and $5?', words('cost and five', 9700), 9700).text).toBe('and $5?');
    expect(seam.fresh('Cost, $5.50?', words('Cost, five dollars fifty?', 9700), 9700).text).toBe(
      'five dollars fifty?',
    );
  });

  it('[F11] of later audio are all new', () => {
    const seam = new Seam({ untilMs: 10_000, exact: true, words: 'cost' });
    expect(seam.fresh('cost', words('cost', 10_600), 10_500).text).toBe('cost');
    expect(new Seam(undefined).fresh('cost', words('cost', 0), 0).text).toBe('cost');
  });
});

describe('words without times', () => {
  const untimed = (text: string, heard: string, fromMs = 9500) =>
    new Seam({ untilMs: 10_000, exact: true, words: heard }).fresh(text, [], fromMs).text;

  it('[F11] are old where they begin with what was heard last', () => {
    expect(untimed('It cost, and when?', 'How much does it cost?')).toBe('and when?');
    expect(untimed('and when', 'How much does it cost?')).toBe('and when');
    expect(untimed('It cost.', 'How much does it cost?')).toBe('');
    expect(untimed('no no', 'oh no no')).toBe('');
  });

  it('[F11] are new in later audio', () => {
    expect(untimed('cost is fine', 'it cost', 10_000)).toBe('cost is fine');
  });

  it('[F11] decide too when nobody knows where the last word ended', () => {
    const seam = new Seam({ untilMs: 12_000, exact: false, words: 'it cost' });
    expect(seam.fresh('cost and when', words('cost and when', 9400), 9400).text).toBe('and when');
  });
});
