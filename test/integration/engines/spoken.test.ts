import { describe, expect, it } from 'vitest';
import { spokenUnits } from '../../../src/local/engines/flite/spoken.ts';

const said = (text: string): string =>
  spokenUnits(text)
    .map(({ words, pause }) => words.join(' ') + pause)
    .join(' ');

describe('written text said aloud', () => {
  it.each([
    ['It costs $49 a month.', 'it costs forty nine dollars a month.'],
    ['$1,250.50', 'one thousand two hundred fifty dollars and fifty cents'],
    ['$1', 'one dollar'],
    ['$2.5 million or $3k/mo', 'two point five million dollars or three thousand dollars per month'],
    ['€20 and £5.01', 'twenty euros and five pounds and one penny'],
  ])('reads money: %s', (text, words) => expect(said(text)).toBe(words));

  it.each([
    ['3:30 pm', 'three thirty P M'],
    ['at 9am', 'at nine A M'],
    ['3:00 p.m. works', 'three P M works'],
    ['9:05', 'nine oh five'],
    ['10:00', "ten o'clock"],
    ['15:00', 'fifteen hundred'],
  ])('reads times: %s', (text, words) => expect(said(text)).toBe(words));

  it.each([
    ['March 3rd, 2025', 'march third twenty twenty five'],
    ['on Dec. 25', 'on december twenty fifth'],
    ['2025-01-02', 'january second twenty twenty five'],
    ['3/14/2005', 'march fourteenth two thousand five'],
    ['May I ask', 'may i ask'],
  ])('reads dates: %s', (text, words) => expect(said(text)).toBe(words));

  it.each([
    ['12.5%', 'twelve point five percent'],
    ['1,204 seats', 'one thousand two hundred four seats'],
    ['0.05', 'zero point zero five'],
    ['the 21st', 'the twenty first'],
    ['10-20 users', 'ten to twenty users'],
    ['10k', 'ten thousand'],
    ['#1', 'number one'],
    ['-5', 'minus five'],
    ['since 1999', 'since nineteen ninety nine'],
    ['24/7', 'twenty four seven'],
    ['order 12345678', 'order one two three four five six seven eight'],
  ])('reads numbers: %s', (text, words) => expect(said(text)).toBe(words));

  it.each([
    ['call (555) 123-4567', 'call five five five, one two three, four five six seven'],
    ['555-0199', 'five five five, zero one nine nine'],
    ['+4930123456', 'plus four nine three zero one two three four five six'],
    ['sam.lee+x@example.com', 'sam dot lee plus X at example dot com'],
    ['https://www.northwind.io/pricing', 'W W W dot northwind dot I O slash pricing'],
    ['see northwind.com.', 'see northwind dot com.'],
  ])('reads numbers and addresses to reach someone: %s', (text, words) => expect(said(text)).toBe(words));

  it.each([
    ['Dr. Smith', 'doctor smith'],
    ['e.g. this', 'for example this'],
    ['our CRM & API', 'our C R M and A P I'],
    ['the U.S. market', 'the U S market'],
    ['an AI assistant', 'an A I assistant'],
    ['HELLO', 'hello'],
    ['it\u2019s a caf\u00e9', "it's a cafe"],
    ['follow-up', 'follow up'],
  ])('reads abbreviations and marks: %s', (text, words) => expect(said(text)).toBe(words));

  it('ends sentences at their marks and nowhere else', () => {
    expect(said('Hi, Jo! Is it 3.5? Yes; it is\u2026 bye')).toBe(
      'hi, jo! is it three point five? yes, it is. bye',
    );
  });

  it('lets an abbreviation end a sentence, but not a title', () => {
    expect(said('At 3 p.m. We talk. Call Dr. Lee, e.g. Monday')).toBe(
      'at three P M. we talk. call doctor lee, for example monday',
    );
  });

  it('says nothing where there is nothing to say', () => {
    for (const text of ['', '  ', '...', '?!', '\u65e5\u672c\u8a9e', '\u{1f600}'])
      expect(spokenUnits(text)).toEqual([]);
  });

  it('keeps its place in the written text', () => {
    const text = 'Pay $49 to Dr. Lee, 3:30 pm.';
    const stretches = spokenUnits(text).map(({ from, to }) => text.slice(from, to));
    expect(stretches).toEqual(['Pay', '$49', 'to', 'Dr.', 'Lee', '3:30 pm']);
  });
});
