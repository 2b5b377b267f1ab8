import { describe, expect, it } from 'vitest';
import { MAX_PATIENCE_MS, Pauses, patienceMs } from '../../../src/conversation/patience.ts';
import { Random } from '../../support/random.ts';

const PHONE = 'What is the best phone number to reach you?';
const EMAIL = 'What is the best e-mail address for the invitation?';
const TIME = 'What day and time would suit you?';

describe('the wait for a turn to go on', () => {
  it.each([
    'We use HubSpot and',
    'because',
    'It depends on the',
    'My number is',
    "I'm",
    "Well, it's",
    'um',
    'Let me see.',
    "it's expensive, you know",
    'I work for',
  ])('is 1200 ms after an unfinished ending: %s', (words) => {
    expect(patienceMs({ words, asked: '', language: 'en-US' })).toBe(1200);
  });

  it.each([
    'Go on.',
    'Come in.',
    "I can't log in",
    'What is this about?',
    'who am i speaking with',
    'Yes, it is.',
    'I think so.',
    'Not interested.',
    'We have 250.',
    'two hundred and fifty',
    'We started in 2019.',
    '',
  ])('is nothing after a finished one: %s', (words) => {
    expect(patienceMs({ words, asked: '', language: 'en-US' })).toBe(0);
  });

  it.each(['Hold on a minute.', 'One moment please', 'wait'])(
    'is nothing for a request to wait, which is answered: %s',
    (words) => {
      expect(patienceMs({ words, asked: '', language: 'en-US' })).toBe(0);
    },
  );

  it.each([
    [PHONE, '555', 1500],
    [PHONE, 'double five one', 1500],
    [PHONE, 'Sure.', 1500],
    [PHONE, '(415) 555-2671', 600],
    [PHONE, 'five five five, one two three four', 600],
    [PHONE, 'double five triple two seven eight', 600],
    [PHONE, "I'd rather not.", 0],
    [PHONE, 'Why do you need it?', 0],
    ['', 'five five five', 1500],
    ['', 'my number is 555 12', 1500],
    ['', '555 123 4567', 600],
    ['How many people work there?', '250', 0],
  ])('lets a number be dictated to its end: %s %s', (asked, words, ms) => {
    expect(patienceMs({ words, asked, language: 'en-US' })).toBe(ms);
  });

  it.each([
    ['jane at acme', 1500],
    ['jane.smith', 1500],
    ['Jane@acme', 1500],
    ['s m i t h', 1500],
    ['jane at acme dot co', 1500],
    ['jane at acme dot com', 0],
    ['jane at acme dot co dot uk', 0],
    ['Jane.Smith@acme.com.', 0],
    ['No.', 0],
    ["I don't have one.", 0],
    ['rather not', 0],
  ])('lets an e-mail address be dictated to its end: %s', (words, ms) => {
    expect(patienceMs({ words, asked: EMAIL, language: 'en-US' })).toBe(ms);
  });

  it.each([
    ['Tuesday', 700],
    ['next week works', 700],
    ['Tuesday at two', 0],
    ['Thursday morning', 0],
  ])('leaves room for the time behind a day: %s', (words, ms) => {
    expect(patienceMs({ words, asked: TIME, language: 'en-US' })).toBe(ms);
  });

  it.each([
    ['de-DE', 'Wir suchen einen', 1200],
    ['fr-FR', 'Je voudrais savoir si', 1200],
    ['es-ES', 'Mi número es', 1200],
    ['it-IT', 'Vorrei sapere se', 1200],
    ['nl-NL', 'Ik wilde vragen of', 1200],
    ['pt-BR', 'Eu queria saber se', 1200],
    ['de-DE', 'Was kostet das?', 0],
    ['es-ES', 'Sí.', 0],
    ['pl-PL', 'i', 0],
  ])('knows the endings of %s: %s', (language, words, ms) => {
    expect(patienceMs({ words, asked: '', language })).toBe(ms);
  });

  it('takes the words of objects for words', () => {
    expect(patienceMs({ words: 'constructor toString', asked: PHONE, language: 'en-US' })).toBe(1500);
  });

  it('is bounded for any words at all', () => {
    const random = new Random(7);
    const parts = [
      'and',
      '555',
      'five',
      'double',
      'dot',
      'com',
      'at',
      '@',
      'no',
      'um',
      '.',
      '?',
      'tuesday',
      's',
      '',
      '🙂',
    ];
    for (let i = 0; i < 3000; i++) {
      const words = Array.from({ length: random.below(9) }, () => random.pick(parts)).join(' ');
      const asked = random.pick(['', PHONE, EMAIL, TIME]);
      const ms = patienceMs({ words, asked, language: random.pick(['en', 'de-DE', 'xx', '']) });
      expect(ms, words).toBeGreaterThanOrEqual(0);
      expect(ms, words).toBeLessThanOrEqual(MAX_PATIENCE_MS);
    }
  });
});

describe('the pauses of a caller', () => {
  it('are unknown at first', () => {
    expect(new Pauses().usualMs).toBe(0);
  });

  it('move two fifths of the way to a pause and 100 ms more', () => {
    const pauses = new Pauses();
    pauses.within(400);
    expect(pauses.usualMs).toBeCloseTo(200);
    pauses.within(400);
    expect(pauses.usualMs).toBeCloseTo(320);
  });

  it('never exceed 800 ms', () => {
    const pauses = new Pauses();
    for (let i = 0; i < 50; i++) pauses.within(5000);
    expect(pauses.usualMs).toBeGreaterThan(790);
    expect(pauses.usualMs).toBeLessThanOrEqual(800);
  });

  it('lose a fifth with every turn that had none', () => {
    const pauses = new Pauses();
    pauses.within(400);
    pauses.none();
    expect(pauses.usualMs).toBeCloseTo(160);
  });
});
