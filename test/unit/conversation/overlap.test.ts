import { describe, expect, it } from 'vitest';
import { isEcho } from '../../../src/conversation/echo.ts';
import { languages } from '../../../src/conversation/languages/choice.ts';
import type { Phrases } from '../../../src/conversation/languages/phrases.ts';
import { wordsOf } from '../../../src/conversation/languages/words.ts';
import { asksToHold, isCommand, judge, type Overlap } from '../../../src/conversation/overlap.ts';
import { Random } from '../../support/random.ts';

const PITCH = 'most teams like yours lose about five hours a week to reports that nobody reads';

function verdict(words: string, overlap: Partial<Overlap> = {}) {
  return judge({
    words,
    final: true,
    language: 'en-US',
    heard: PITCH,
    answering: false,
    leaving: false,
    ...overlap,
  });
}

describe('what falls into a statement of the agent', () => {
  it.each([
    'Okay.',
    'mm-hmm',
    'Right.',
    'got it',
    'I see.',
    'Oh, really?',
    'That makes sense.',
    'yeah yeah',
    'Uh-huh, okay.',
    'Yes.',
  ])('is a backchannel when it is a sign of listening: %s', (words) => {
    expect(verdict(words)).toBe('backchannel');
  });

  it.each(['[cough]', 'ha ha', 'ahem', 'um', 'uh', 'hmm', '', '...'])(
    'is a backchannel when it is noise: %s',
    (words) => {
      expect(verdict(words)).toBe('backchannel');
    },
  );

  it('is the same however a hum is written', () => {
    for (const words of ['uh huh', 'uh-huh', 'Uhhuh.', 'mmmm', 'mm hmm', 'mhm'])
      expect(verdict(words)).toBe('backchannel');
  });

  it.each([
    'Who is this?',
    'how much',
    'Tuesday',
    'Email me.',
    'not interested',
    'speak up',
    'What?',
    'Yeah, but why?',
    'Twenty.',
  ])('is an interruption when it says something, however short: %s', (words) => {
    expect(verdict(words)).toBe('interruption');
    expect(verdict(words, { final: false })).toBe('interruption');
  });

  it('is undecided while a word or two may become either', () => {
    for (const words of ['so', 'well', 'um', 'i', 'got', 'that makes', 'yeah i']) {
      expect(verdict(words, { final: false }), words).toBe('unclear');
    }
    for (const words of ['okay so', 'yeah but', 'but', 'yeah i need']) {
      expect(verdict(words, { final: false }), words).toBe('interruption');
    }
  });

  it('is undecided while a single word may be the first of an echo', () => {
    expect(verdict('reports', { final: false })).toBe('unclear');
    expect(verdict('reports')).toBe('interruption');
  });

  it('is judged by the last words of the agent, not by what it said long ago', () => {
    const heard = `${PITCH} ${'and that is what we would like to change with you before the summer comes around again'}`;
    expect(verdict('five hours', { heard })).toBe('interruption');
  });
});

describe('what falls into a question of the agent', () => {
  const question = {
    answering: true,
    heard: 'what would suit you better Tuesday at ten or Wednesday at two',
  };

  it.each(['Yes.', 'uh-huh', 'okay', 'um', 'Sounds good.'])('is an answer: %s', (words) => {
    expect(verdict(words, question)).toBe('interruption');
  });

  it('is an echo when it repeats the question', () => {
    expect(verdict('what would suit you better', question)).toBe('echo');
    expect(verdict('suit you better tuesday at ten', question)).toBe('echo');
  });

  it('is an answer when it repeats one of the options', () => {
    expect(verdict('Wednesday at two.', question)).toBe('interruption');
    expect(verdict('Tuesday at ten', question)).toBe('interruption');
  });
});

describe('what falls into a goodbye of the agent', () => {
  it.each(['Thanks, bye.', 'You too!', 'Have a great day.', 'See you Tuesday.', 'Okay.'])(
    'is a closing: %s',
    (words) => {
      expect(verdict(words, { leaving: true })).toBe('backchannel');
    },
  );

  it('is an interruption when it opens something', () => {
    expect(verdict('Actually, one more question.', { leaving: true })).toBe('interruption');
  });

  it('is no closing before: who says "thanks, bye" into a statement wants to leave', () => {
    expect(verdict('Thanks, bye.')).toBe('interruption');
  });
});

describe('a command', () => {
  it.each([
    'Stop.',
    'wait',
    'no',
    'Hold on.',
    'Excuse me.',
    'Oh, wait.',
    'Okay, please stop.',
    'Could you stop talking?',
    "Please don't call me again.",
    'Take me off your list.',
    'Oh no, stop!',
  ])('stops the agent whatever it says: %s', (words) => {
    expect(isCommand(words, 'en-GB')).toBe(true);
    for (const leaving of [true, false])
      expect(verdict(words, { leaving, final: false })).toBe('interruption');
  });

  it.each([
    'No problem.',
    'no worries',
    "I can't wait",
    "Can't wait!",
    'oh no',
    'No, that makes sense.',
    'yeah, no, for sure',
    'We had to stop.',
    'no idea',
    'nobody',
    '',
  ])('is not in: %s', (words) => {
    expect(isCommand(words, 'en')).toBe(false);
  });

  it('is obeyed in two words that the agent has just said, and taken for its echo in three', () => {
    expect(verdict('hold on', { heard: 'please hold on' })).toBe('interruption');
    expect(verdict('One moment please', { heard: 'One moment, please.' })).toBe('echo');
    expect(verdict('one moment please')).toBe('interruption');
  });
});

describe('a request to wait', () => {
  it.each([
    ['en', 'Hold on a minute.'],
    ['en', 'one moment please'],
    ['en', 'Give me a second.'],
    ['en', 'Sorry, okay, just a sec please.'],
    ['de', 'Einen Moment bitte'],
    ['fr', "Un instant, s'il vous plaît"],
    ['es', 'Un momento por favor'],
    ['it', 'Aspetti un attimo'],
    ['nl', 'Wacht even'],
    ['pt', 'Só um minuto'],
  ])('is heard in %s: %s', (language, words) => {
    expect(asksToHold(words, language)).toBe(true);
  });

  it.each([
    'Wait, how much is it?',
    'Hold on, I want to ask something.',
    'Oh wait.',
    'okay',
    'please',
    'no',
    '',
  ])('is not in: %s', (words) => {
    expect(asksToHold(words, 'en')).toBe(false);
  });
});

describe('an echo', () => {
  it('is at least two words that were just heard in a row', () => {
    expect(isEcho('nobody reads', PITCH)).toBe(true);
    expect(isEcho('reads', PITCH)).toBe(false);
    expect(isEcho('reports reads', PITCH)).toBe(false);
  });

  it('may hold a slip of the recogniser when it is long', () => {
    expect(isEcho('to reports that nobody reeds', PITCH)).toBe(true);
    expect(isEcho('nobody reeds', PITCH)).toBe(false);
  });

  it('is the same in digits, in contractions, and in words written apart', () => {
    expect(isEcho('5 hours a week', PITCH)).toBe(true);
    expect(isEcho("that's in your in box", 'that is in your inbox')).toBe(true);
    expect(isEcho('20%', 'about twenty percent')).toBe(true);
  });

  it('is none when a number, a day or a negation differs', () => {
    expect(isEcho('about fifteen hours a week to reports', PITCH)).toBe(false);
    expect(
      isEcho('the invitation for Thursday at three', 'I will send the invitation for Tuesday at three'),
    ).toBe(false);
    expect(isEcho('that is not what we do here', 'and that is what we do here')).toBe(false);
  });

  it('is none when the caller adds to it', () => {
    expect(isEcho('nobody reads them here', PITCH)).toBe(false);
  });
});

describe('the languages', () => {
  it('are told by the first part of the tag', () => {
    for (const language of ['de', 'de-DE', 'DE_at'])
      expect(verdict('Genau.', { language })).toBe('backchannel');
    expect(verdict('Genau.', { language: 'en' })).toBe('interruption');
  });

  it('without lists have no backchannels but wordless sounds', () => {
    expect(verdict('mhm', { language: 'pl-PL' })).toBe('backchannel');
    expect(verdict('okay', { language: 'pl-PL' })).toBe('interruption');
  });

  it('hold every phrase once, as the words of a transcript are written', () => {
    for (const [language, phrases] of languages) {
      for (const [name, list] of Object.entries(phrases)) {
        const patterns = listed(list);
        expect(new Set(patterns).size, `${language} ${name}`).toBe(patterns.length);
        for (const word of patterns.flatMap((pattern) => pattern.split(/[ |]/))) {
          const bare = word.replace(/\?$/, '');
          if (bare !== '^') expect(wordsOf(bare), `${language} ${name}`).toEqual([bare]);
        }
      }
    }
  });
});

/** The patterns or words of a list: plain, by topic, or with a value each. */
function listed(list: object): readonly string[] {
  if (Array.isArray(list)) return list;
  return Object.entries(list).flatMap(([word, value]) => (Array.isArray(value) ? value : [word]));
}

describe('any words at all', () => {
  const random = new Random(11);
  const vocabularies = new Map([...languages].map(([language, phrases]) => [language, vocabulary(phrases)]));
  const overlaps = Array.from({ length: 5000 }, (): Overlap => {
    const [language, words] = random.pick([...vocabularies]);
    return {
      words: Array.from({ length: 1 + random.below(5) }, () => random.pick(words)).join(' '),
      final: random.below(2) === 0,
      language: random.pick([language, `${language.toUpperCase()}-xx`, 'xx', '']),
      heard: random.pick(['', PITCH]),
      answering: random.below(4) === 0,
      leaving: random.below(4) === 0,
    };
  });

  it('have a verdict, which is never open once they are final', () => {
    const known = ['interruption', 'backchannel', 'echo', 'unclear'];
    for (const overlap of overlaps) {
      expect(known).toContain(judge(overlap));
      expect(judge({ ...overlap, final: true }), overlap.words).not.toBe('unclear');
    }
  });

  it('interrupt when they are a command', () => {
    const orders = overlaps.filter((overlap) => isCommand(overlap.words, overlap.language));
    expect(orders.length).toBeGreaterThan(100);
    for (const order of orders) expect(judge(order), order.words).toBe('interruption');
  });

  it('are never a backchannel when they answer', () => {
    for (const overlap of overlaps.filter(({ words }) => wordsOf(words).length > 0)) {
      expect(judge({ ...overlap, answering: true }), overlap.words).not.toBe('backchannel');
    }
  });

  it('have the same verdict in capitals and with punctuation', () => {
    for (const overlap of overlaps) {
      const shouted = `${overlap.words.toUpperCase().replaceAll(' ', ', ').replaceAll("'", '’')}!`;
      expect(judge({ ...overlap, words: shouted }), shouted).toBe(judge(overlap));
    }
  });
});

/** Words of the lists that decide, of the agent, and of neither; `ß` is left out because it has no capital. */
function vocabulary(phrases: Phrases): readonly string[] {
  return [phrases.listening, phrases.commands, phrases.holds, phrases.closings, phrases.sounds]
    .flat()
    .flatMap((pattern) => pattern.split(/[ |?]+/))
    .concat(PITCH.split(' '), ['price', '42', '🙂', '¿', "o'clock", 'はい'])
    .filter((word) => word !== '' && !word.includes('ß'));
}
