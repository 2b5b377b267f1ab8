import { phrasesFor } from './languages/choice.ts';
import { digitsIn, isNumeric, rowAtEnd } from './languages/digits.ts';
import { PhraseSet } from './languages/phrase-set.ts';
import type { Phrases } from './languages/phrases.ts';
import { wordsOf } from './languages/words.ts';
import { asksToHold } from './overlap.ts';

/** The longest silence that any turn is given, in ms: longer, and the line seems dead. */
export const MAX_PATIENCE_MS = 4000;

/** What the recogniser takes for the end of a turn. */
export interface OpenTurn {
  readonly words: string;
  /** The agent's last question, `''` when there is none. */
  readonly asked: string;
  /** BCP-47 tag of what the caller speaks. */
  readonly language: string;
}

/** After an ending that has to go on, in ms: about as long as a speaker looks for a word. */
const UNFINISHED_MS = 1200;
/** While a number or address is being dictated, in ms: between its groups people read, breathe and think. */
const DICTATING_MS = 1500;
/** Behind a number that may be whole, in ms. */
const WHOLE_NUMBER_MS = 600;
/** Behind a day without a time when one was asked for, in ms. */
const DAY_ALONE_MS = 700;

/**
 * Silence to wait for from the end of the last word before the turn is taken, in ms, from 0 (nothing speaks for waiting) to
 * `MAX_PATIENCE_MS`. A request to wait has 0: it is answered at once, and `asksToHold` is how it is told.
 */
export function patienceMs({ words: said, asked, language }: OpenTurn): number {
  if (asksToHold(said, language)) return 0;
  const words = wordsOf(said.replace(GROUPED_DIGITS, '$1'));
  if (words.length === 0) return 0;
  const lists = listsFor(language);
  const question = wordsOf(asked);
  const reasons = [
    isUnfinished(words, lists) ? UNFINISHED_MS : 0,
    numberMs(words, question, lists),
    isAddressOpen(said, words, question, lists) ? DICTATING_MS : 0,
    isDayAlone(words, question, lists) ? DAY_ALONE_MS : 0,
  ];
  return Math.min(MAX_PATIENCE_MS, Math.max(...reasons));
}

/** The mark between groups of three digits, as a recogniser writes numbers. */
const GROUPED_DIGITS = /(\d)[.,](?=\d{3}(?!\d))/g;

function isUnfinished(words: readonly string[], lists: Lists): boolean {
  const fromStart = [TURN_START, ...words];
  const finished = lists.finished.tail(fromStart) !== undefined;
  if (finished) return false;
  if (lists.unfinished.tail(words) !== undefined) return true;
  const stranded = lists.stranded.tail(words);
  if (stranded === undefined) return false;
  // A question word right before it opens nothing yet: "what is".
  return !lists.questionWords.within(words.slice(0, Math.max(0, stranded - 1)));
}

/** Stands before the first word in patterns of endings that make up the whole turn. */
const TURN_START = '^';

/** A number that is dictated: all of it when one was asked for, else a row of digits at the end. */
function numberMs(words: readonly string[], question: readonly string[], lists: Lists): number {
  const wanted = lists.asksPhone.within(question);
  if (wanted || lists.dictating.within(words)) {
    const digits = digitsIn(words, lists.phrases);
    if (digits >= PHONE_DIGITS) return WHOLE_NUMBER_MS;
    return digits > 0 || (wanted && !refuses(words, lists)) ? DICTATING_MS : 0;
  }
  const row = rowAtEnd(words, lists.phrases);
  const digits = digitsIn(row, lists.phrases);
  if (!isDictated(row, digits, words.length === row.length && question.length === 0)) return 0;
  if (lists.asksDay.within(question) || row.some((word) => Object.hasOwn(lists.phrases.magnitudes, word)))
    return 0;
  return digits >= PHONE_DIGITS ? WHOLE_NUMBER_MS : DICTATING_MS;
}

/** How many digits a phone number has at least: 7 without an area code. */
const PHONE_DIGITS = 7;

/** A single written number is a quantity or a year ("we started in 2019"), unless nothing else was said unasked. */
function isDictated(row: readonly string[], digits: number, alone: boolean): boolean {
  return row.length >= 3 || (row.length === 2 && digits >= 5) || (row.length === 1 && digits >= 3 && alone);
}

/** True while an address that was asked for, or something spelled, is not whole. */
function isAddressOpen(
  said: string,
  words: readonly string[],
  question: readonly string[],
  lists: Lists,
): boolean {
  if (lists.spelledEnding.tail(words) !== undefined) return false;
  if (words.length >= SPELLED_LETTERS && words.slice(-SPELLED_LETTERS).every((word) => LETTER.test(word)))
    return true;
  if (!lists.asksEmail.within(question) || refuses(words, lists)) return false;
  if (DOMAIN.test(said.toLowerCase())) return false;
  // "dot co" is half of "dot com" and of "dot co dot uk".
  return !lists.addressEnding.within(words) || lists.halfEnding.tail(words) !== undefined;
}

/** How many single letters in a row are spelling. */
const SPELLED_LETTERS = 3;
const LETTER = /^\p{L}$/u;

/** The last parts of addresses that callers say: the general ones, and those of the countries whose languages are known. */
const TOP_LEVELS =
  'com|net|org|io|ai|dev|app|biz|info|edu|gov|eu|us|uk|de|fr|es|it|nl|pt|br|ca|au|ch|be|ie|nz|co|me';
const DOMAIN = new RegExp(`[\\p{L}\\d]\\.(?:${TOP_LEVELS})(?![\\p{L}\\d@])`, 'u');

function isDayAlone(words: readonly string[], question: readonly string[], lists: Lists): boolean {
  if (!lists.asksDay.within(question) || !lists.days.within(words)) return false;
  return !lists.times.within(words) && !words.some((word) => isNumeric(word, lists.phrases));
}

/** The answer of one who does not give what was asked for, or asks back. */
function refuses(words: readonly string[], lists: Lists): boolean {
  let from = 0;
  for (
    let next = lists.courtesies.longest(words, 0);
    next > from && lists.refusals.longest(words, from) === from;
  ) {
    from = next;
    next = lists.courtesies.longest(words, from);
  }
  const refused = lists.refusals.longest(words, from) > from || lists.refusals.tail(words) !== undefined;
  return refused || lists.questionWords.longest(words, from) > from;
}

/** The lists of one language, made ready to be looked up. */
interface Lists {
  readonly phrases: Phrases;
  readonly unfinished: PhraseSet;
  readonly stranded: PhraseSet;
  readonly finished: PhraseSet;
  readonly questionWords: PhraseSet;
  readonly days: PhraseSet;
  readonly times: PhraseSet;
  readonly asksPhone: PhraseSet;
  readonly asksEmail: PhraseSet;
  readonly asksDay: PhraseSet;
  readonly dictating: PhraseSet;
  readonly refusals: PhraseSet;
  readonly courtesies: PhraseSet;
  readonly addressEnding: PhraseSet;
  readonly halfEnding: PhraseSet;
  readonly spelledEnding: PhraseSet;
}

/** Lists that were needed so far: each is made once, and from nothing but its phrases. */
const known = new Map<Phrases, Lists>();

function listsFor(language: string): Lists {
  const phrases = phrasesFor(language);
  const lists = known.get(phrases) ?? listsOf(phrases);
  known.set(phrases, lists);
  return lists;
}

function listsOf(phrases: Phrases): Lists {
  const dots = phrases.dots.join('|');
  const addressed = (ending: string) => new PhraseSet(dots === '' ? [] : [`${dots} ${ending}`]);
  return {
    phrases,
    unfinished: new PhraseSet(phrases.unfinished),
    stranded: new PhraseSet(phrases.stranded),
    finished: new PhraseSet(phrases.finished),
    questionWords: new PhraseSet(phrases.questionWords),
    days: new PhraseSet(phrases.days),
    times: new PhraseSet(phrases.times),
    asksPhone: new PhraseSet(phrases.asks.phone),
    asksEmail: new PhraseSet(phrases.asks.email),
    asksDay: new PhraseSet(phrases.asks.day),
    dictating: new PhraseSet(phrases.dictating),
    refusals: new PhraseSet(phrases.refusals),
    courtesies: new PhraseSet(phrases.courtesies),
    addressEnding: addressed(TOP_LEVELS),
    halfEnding: addressed('co'),
    spelledEnding: addressed('c o m'),
  };
}

/** How long this caller pauses inside a turn. */
export class Pauses {
  #usualMs = 0;

  /** Silence this caller is known to pause for without being done, in ms: 0 until learned, at most 800. */
  get usualMs(): number {
    return this.#usualMs;
  }

  remember(usualMs: number): void {
    this.#usualMs = usualMs;
  }

  /** The caller went on after `ms` of silence that could have ended the turn. */
  within(ms: number): void {
    const wanted = Math.min(Math.max(0, ms) + MARGIN_MS, LONGEST_USUAL_MS);
    this.#usualMs += NEWEST_WEIGHT * (wanted - this.#usualMs);
  }

  /** A turn ended without such a pause. */
  none(): void {
    this.#usualMs *= KEPT_WITHOUT_PAUSE;
  }
}

/** What is waited beyond a known pause, in ms, since the next may be a little longer. */
const MARGIN_MS = 100;
/** No caller's habit makes every turn wait longer than this, in ms. */
const LONGEST_USUAL_MS = 800;
const NEWEST_WEIGHT = 0.4;
const KEPT_WITHOUT_PAUSE = 0.8;
