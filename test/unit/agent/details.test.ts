import { describe, expect, it } from 'vitest';
import {
  readEmail,
  readPhone,
  readSlot,
  sayEmail,
  sayPhone,
  slotPhrase,
} from '../../../src/local/agent/details.ts';

describe('readSlot', () => {
  it.each([
    ['tuesday', 'on Tuesday'],
    ['next tuesday at three', 'next Tuesday at three'],
    ['how about friday morning', 'on Friday morning'],
    ['tomorrow at half past two', 'tomorrow at half past two'],
    ['thursday ten a m', 'on Thursday at ten a m'],
    ["monday at four o'clock", "on Monday at four o'clock"],
    ['three thirty', 'at three thirty'],
    ['at noon on wednesday', 'on Wednesday at noon'],
    ['Tuesday at 2:30 PM.', 'on Tuesday at two thirty p m'],
    ['friday at 11am', 'on Friday at eleven a m'],
    ['friday at to', 'on Friday at two'],
    ['call me in an hour', 'in an hour'],
    ['in two hours', 'in two hours'],
    ['next week', 'next week'],
    ['the day after tomorrow', 'the day after tomorrow'],
    ['this afternoon', 'this afternoon'],
    ['seven', 'at seven'],
    ['we are about ten people in the company', ''],
    ['one of my colleagues', ''],
    ['yes please', ''],
  ])('%s', (text, phrase) => {
    expect(slotPhrase(readSlot(text))).toBe(phrase);
  });
});

describe('readEmail and sayEmail', () => {
  it.each([
    ['my email is sarah at example dot com', 'sarah@example.com', 'sarah at example dot com'],
    [
      'Sarah.Jones@Example.co.uk please',
      'sarah.jones@example.co.uk',
      'sarah dot jones at example dot co dot uk',
    ],
    [
      "it's john dot smith at my company dot org",
      'john.smith@mycompany.org',
      'john dot smith at mycompany dot org',
    ],
    ['a n n a at gmail dot com', 'anna@gmail.com', 'anna at gmail dot com'],
    [
      'info underscore two at acme dash group dot io',
      'info_2@acme-group.io',
      'info underscore two at acme dash group dot io',
    ],
  ])('%s', (text, address, spoken) => {
    expect(readEmail(text)).toBe(address);
    expect(sayEmail(address)).toBe(spoken);
  });

  it.each(['call me at three', 'i am at work', 'look at that dot', 'at example dot com'])(
    'none in "%s"',
    (text) => {
      expect(readEmail(text)).toBeUndefined();
    },
  );
});

describe('readPhone and sayPhone', () => {
  it.each([
    ['my phone number is five five five one two three four', '5551234', 'five five five, one two three four'],
    ['oh nine eight double seven six five', '0987765', 'zero nine eight, seven seven six five'],
    ['it is 555 123 4567 thanks', '5551234567', 'five five five, one two three, four five six seven'],
  ])('%s', (text, digits, spoken) => {
    expect(readPhone(text)).toBe(digits);
    expect(sayPhone(digits)).toBe(spoken);
  });

  it.each(['about fifty', 'one two three', 'we are five and they are five and we have one two three'])(
    'none in "%s"',
    (text) => {
      expect(readPhone(text)).toBeUndefined();
    },
  );
});
