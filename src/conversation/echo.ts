import { languages } from './languages/choice.ts';
import { wordsOf } from './languages/words.ts';

/** How many of the agent's latest words an echo can come from: 5 s of speech, which is a recogniser's delay and a short interim. */
const WINDOW_WORDS = 15;

/** How many words the agent has gone on by when its echo arrives: 3 s of speech and the recogniser's delay. */
const DELAY_WORDS = 10;

/** How many words a run has for each slip of the recogniser that it may hold; shorter runs have to be exact. */
const WORDS_PER_SLIP = 4;

/** A word that was put in the place of one that does not sound like it, or that was added, counts as this many slips. */
const STRANGE_WORD_SLIPS = 2;

/**
 * True when at least two words are a contiguous run within the last 15 or so words heard. Runs of four words and more
 * may hold one slip of a recogniser for every four words, but never another number, day or negation: these are corrections.
 */
export function isEcho(words: string, heard: string): boolean {
  const run = soundsOf(words);
  if (run.length < 2) return false;
  const room = Math.floor(run.length / WORDS_PER_SLIP);
  return slips(run, lately(heard, run.length), room) <= room;
}

/** True when the words are one of the options of a question: a short exact run right beside an "or" of the agent. */
export function isOption(words: string, heard: string, or: readonly string[]): boolean {
  const run = soundsOf(words);
  const source = lately(heard, run.length);
  if (run.length === 0 || run.length > LONGEST_OPTION_WORDS || run.some((word) => or.includes(word)))
    return false;
  return source.some(
    (_, at) =>
      run.every((word, i) => source[at + i] === word) &&
      (or.includes(source[at - 1] ?? '') || or.includes(source[at + run.length] ?? '')),
  );
}

/** True when the word is among the latest that were heard. */
export function mayBecomeEcho(words: string, heard: string): boolean {
  const run = soundsOf(words);
  return run.length === 1 && lately(heard, 1).includes(run[0] ?? '');
}

/** An option is a phrase like "Wednesday at two"; longer runs are the question itself. */
const LONGEST_OPTION_WORDS = 4;

function lately(heard: string, run: number): readonly string[] {
  return soundsOf(heard).slice(-Math.max(WINDOW_WORDS, run + DELAY_WORDS));
}

/**
 * The fewest slips with which `run` is a contiguous run of `source`; more than `room` stands for any number above it. One
 * word written as two, or two as one, is no slip.
 */
function slips(run: readonly string[], source: readonly string[], room: number): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: source.length + 1 }, () => 0);
  for (let i = 1; i <= run.length; i++) {
    const word = run[i - 1] ?? '';
    const added = FIRM.has(word) ? Number.POSITIVE_INFINITY : STRANGE_WORD_SLIPS;
    const next = [at(row, 0) + added];
    for (let j = 1; j <= source.length; j++) {
      const one = source[j - 1] ?? '';
      next[j] = Math.min(
        at(row, j - 1) + misheard(one, word),
        at(row, j) + added,
        at(next, j - 1) + 1,
        i > 1 && `${run[i - 2]}${word}` === one ? at(before, j - 1) : Number.POSITIVE_INFINITY,
        j > 1 && `${source[j - 2]}${one}` === word ? at(row, j - 2) : Number.POSITIVE_INFINITY,
      );
    }
    if (Math.min(...row, ...next) > room) return room + 1;
    before = row;
    row = next;
  }
  return Math.min(...row);
}

function at(row: readonly number[], place: number): number {
  return row[place] ?? Number.POSITIVE_INFINITY;
}

/** How many slips it takes a recogniser to write `written` for `spoken`. */
function misheard(spoken: string, written: string): number {
  if (spoken === written) return 0;
  if (FIRM.has(spoken) && FIRM.has(written)) return Number.POSITIVE_INFINITY;
  const longer = Math.max(spoken.length, written.length);
  if (2 * edits(spoken, written) <= longer) return 1;
  return FIRM.has(written) ? Number.POSITIVE_INFINITY : STRANGE_WORD_SLIPS;
}

/** Letters added, left out or changed between two words. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = at(row, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next[j] = Math.min(changed, at(row, j) + 1, at(next, j - 1) + 1);
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

/** The words as they sound: contractions in their parts, number words as digits, the per cent sign as words. */
function soundsOf(text: string): readonly string[] {
  return wordsOf(text.replace(PERCENT, ' percent')).flatMap((word) =>
    word.split("'").map((part, i) => (i > 0 ? (CONTRACTED.get(part) ?? part) : (DIGITS.get(part) ?? part))),
  );
}

const PERCENT = /%/g;
const CONTRACTED: ReadonlyMap<string, string> = new Map([
  ['s', 'is'],
  ['re', 'are'],
  ['m', 'am'],
  ['ll', 'will'],
  ['ve', 'have'],
  ['d', 'would'],
]);

/** Number words of every language; where one word means two numbers the same one is taken on both sides. */
const DIGITS: ReadonlyMap<string, string> = new Map(
  [...languages.values()].flatMap((phrases) => Object.entries(phrases.numbers)),
);

/** Words that a caller changes on purpose: numbers, days, negations. `t` is what is left of "don't". */
const FIRM: ReadonlySet<string> = new Set([
  ...DIGITS.values(),
  ...Array.from({ length: 101 }, (_, number) => String(number)),
  ...[...languages.values()].flatMap((phrases) => (phrases.days[0] ?? '').split('|')),
  ...'no not never t why nicht kein keine nie pas jamais nunca non mai niet geen nooit não'.split(' '),
]);
