import { describe, expect, it } from 'vitest';
import { Splice } from '../../../src/conversation/splice.ts';

/** What comes through when the text arrives whole, and in pieces of every length. */
function joined(said: string, text: string): string {
  const lengths = [text.length, 1, 2, 3, 7];
  const [whole, ...others] = lengths.map((length) => {
    const splice = new Splice(said);
    let out = '';
    for (let at = 0; at < text.length; at += length) out += splice.push(text.slice(at, at + length));
    return out + splice.flush();
  });
  for (const other of others) expect(other).toBe(whole);
  return whole ?? '';
}

describe('an answer that goes on', () => {
  it.each([
    ['It is ten dollars', 'a month.', 'a month.'],
    ['It is ten dollars', 'ten dollars a month.', 'a month.'],
    ['It is ten dollars', 'It is ten dollars a month.', 'a month.'],
    ['It is ten dollars', '  dollars a month.', 'a month.'],
    ['It is ten dollars.', 'it is TEN dollars. Each month.', 'Each month.'],
    ['It is ten dollars. For each of you.', 'For each of you. Shall we?', 'Shall we?'],
    ['One two one two', 'one two one two three', 'three'],
    ['One two one two', 'one two three', 'three'],
    ['a b a b a', 'a b a c', 'c'],
  ])('[M5] loses what it repeats: "%s" + "%s"', (said, text, rest) => {
    expect(joined(said, text)).toBe(rest);
  });

  it.each([
    ['It is ten dollars', 'It is ten pounds.'],
    ['It is ten dollars', 'is it ten dollars?'],
    ['Would that work for you?', 'You can try it.'],
    ['It is ten dollars', ''],
    ['', 'It is ten dollars.'],
  ])('[M5] keeps what only looks like a repetition: "%s" + "%s"', (said, text) => {
    expect(joined(said, text)).toBe(text);
  });

  it('[M5] loses all of it when it is nothing but a repetition', () => {
    expect(joined('It is ten dollars.', 'It is ten dollars.')).toBe('');
  });

  it('[M5] is not held back longer than it may be a repetition', () => {
    const splice = new Splice('It is ten dollars');
    expect(splice.push('Ten dol')).toBe('');
    expect(splice.push('lars a ')).toBe('a ');
    expect(splice.push('month')).toBe('month');
  });
});
