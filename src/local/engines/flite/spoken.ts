import { cardinal, decimal, digits, ordinal, year } from './numbers.ts';
import { addressWords, phoneWords, spell } from './spelling.ts';

/** A stretch of written text and the words it is spoken with. */
export interface SpokenUnit {
  /** First UTF-16 unit of the stretch in the written text. */
  readonly from: number;
  /** One past its last unit. */
  readonly to: number;
  /** Words for the synthesiser; a word may end in a comma where a short pause belongs. Never empty. */
  readonly words: readonly string[];
  /** The pause that follows: none, that of a comma, or the end of a sentence with its mark. */
  readonly pause: '' | ',' | '.' | '?' | '!';
}

/**
 * Says written English as words: numbers, money, times, dates, percentages, phone numbers, e-mail and web addresses,
 * abbreviations and initials. Characters that have no sound belong to no unit; other scripts than Latin are silent.
 */
export function spokenUnits(text: string): SpokenUnit[] {
  const units: SpokenUnit[] = [];
  const folded = fold(text);
  let at = 0;
  while (at < folded.length) {
    const found = unitAt(folded, at);
    if (found !== undefined) {
      units.push(found);
      at = found.to;
      continue;
    }
    const last = units.pop();
    if (last !== undefined) units.push({ ...last, pause: longerPause(last.pause, pauseAt(folded, at)) });
    at++;
  }
  return units;
}

interface Reading {
  readonly pattern: RegExp;
  /** The words of a match, or undefined when the match means something else. */
  words(match: RegExpExecArray): readonly string[] | undefined;
}

function unitAt(text: string, at: number): SpokenUnit | undefined {
  const insideWord = at > 0 && /[a-z0-9]/i.test(text[at - 1] ?? '') && /[a-z]/i.test(text[at] ?? '');
  for (const { pattern, words } of insideWord ? [PLAIN_WORD] : READINGS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const said = match === null ? undefined : words(match);
    if (match !== null && said !== undefined && said.length > 0) {
      const to = at + match[0].length;
      return { from: at, to, words: said, pause: closesSentence(match[0], text.slice(to)) ? '.' : '' };
    }
  }
  return undefined;
}

/** An abbreviation's full stop also ends the sentence when a capital follows, unless it is a title before a name. */
function closesSentence(written: string, rest: string): boolean {
  return written.endsWith('.') && /^\s+[A-Z]/.test(rest) && !GOES_ON.test(written);
}

const GOES_ON = /^(?:dr|mrs?|ms|prof|st|e\.g|i\.e|vs|approx|jan|feb|mar|apr|aug|sept?|oct|nov|dec)\.$/i;

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)';
const MONTH_NAME = '(january|february|march|april|may|june|july|august|september|october|november|december)';
const AMOUNT = '\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d+)?';
const SCALE_NAMES: Readonly<Record<string, string>> = { k: 'thousand', m: 'million', b: 'billion' };
const CURRENCIES: Readonly<
  Record<string, readonly [one: string, many: string, cent: string, cents: string]>
> = {
  $: ['dollar', 'dollars', 'cent', 'cents'],
  '€': ['euro', 'euros', 'cent', 'cents'],
  '£': ['pound', 'pounds', 'penny', 'pence'],
};
const PER_WORDS: Readonly<Record<string, string>> = { mo: 'month', yr: 'year', hr: 'hour', wk: 'week' };
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  'dr.': 'doctor',
  'mr.': 'mister',
  'mrs.': 'missus',
  'ms.': 'miz',
  'prof.': 'professor',
  'jr.': 'junior',
  'sr.': 'senior',
  'st.': 'saint',
  'inc.': 'incorporated',
  'ltd.': 'limited',
  'corp.': 'corporation',
  'dept.': 'department',
  'approx.': 'approximately',
  'e.g.': 'for example',
  'i.e.': 'that is',
  'etc.': 'et cetera',
  'vs.': 'versus',
  'a.m.': 'A M',
  'p.m.': 'P M',
  'u.s.': 'U S',
  'u.k.': 'U K',
  'ph.d.': 'P H D',
};
const SYMBOLS: Readonly<Record<string, string>> = {
  '&': 'and',
  '+': 'plus',
  '=': 'equals',
  '@': 'at',
  '%': 'percent',
  '°': 'degrees',
};
const PLAIN_WORD: Reading = {
  pattern: /[a-z]+(?:'[a-z]+)*/iy,
  words: ([word]) => (isInitials(word) ? spell(word) : [word.toLowerCase()]),
};

/** Tried in order: the first reading that matches wins, so the special ones stand before the plain ones. */
const READINGS: readonly Reading[] = [
  {
    pattern: /[\w.+-]*\w@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/iy,
    words: ([address]) => addressWords(address),
  },
  {
    pattern: /(?:https?:\/\/|www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[\w-]+)*/iy,
    words: ([url]) => addressWords(url.replace(/^https?:\/\//i, '')),
  },
  {
    pattern: /[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|co|ai|dev|app|edu|gov|uk|eu)\b(?:\/[\w-]+)*/iy,
    words: ([url]) => addressWords(url),
  },
  { pattern: /(?:[a-z]+\.){2,}|[a-z]+\./iy, words: ([written]) => abbreviation(written) },
  {
    pattern: new RegExp(`([$€£])(${AMOUNT})(?:\\s?(k|m|b|thousand|million|billion)\\b)?`, 'iy'),
    words: ([, sign = '$', amount = '', scale]) => money(sign, amount, scale),
  },
  {
    pattern: /\/\s?(month|mo|year|yr|week|wk|day|hour|hr|minute|user|seat|person|call|team)\b/iy,
    words: ([, unit = '']) => ['per', PER_WORDS[unit.toLowerCase()] ?? unit.toLowerCase()],
  },
  {
    pattern: /(?:\+\d{1,3}[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b|\d{3}-\d{4}\b|\+\d{7,15}/y,
    words: ([n]) => phoneWords(n),
  },
  {
    pattern: /(\d{1,2}):(\d{2})(?:\s?([ap])(?:\.m\.|m\b))?/iy,
    words: ([, hour = '', minute = '', half]) => clockTime(Number(hour), Number(minute), half),
  },
  {
    pattern: /(\d{1,2})\s?([ap])(?:\.m\.|m\b)/iy,
    words: ([, hour = '', half = '']) => clockTime(Number(hour), 0, half),
  },
  {
    pattern: /(\d{4})-(\d{2})-(\d{2})\b/y,
    words: ([, y, m, d]) => date(Number(m), Number(d), Number(y)),
  },
  {
    pattern: /(\d{1,2})\/(\d{1,2})\/(\d{4})\b/y,
    words: ([, m, d, y]) => date(Number(m), Number(d), Number(y)),
  },
  {
    pattern: new RegExp(
      `(?:${MONTH_NAME}|${MONTH}\\.?) (\\d{1,2})(?:st|nd|rd|th)?\\b(?:,? (\\d{4})\\b)?`,
      'iy',
    ),
    words: ([, name, short, d, y]) =>
      date(monthNumber(name ?? short ?? ''), Number(d), y === undefined ? undefined : Number(y)),
  },
  { pattern: /(\d+)(?:st|nd|rd|th)\b/iy, words: ([, n]) => ordinal(Number(n)) },
  {
    pattern: new RegExp(`(${AMOUNT})\\s?%`, 'y'),
    words: ([, amount = '']) => [...decimal(amount), 'percent'],
  },
  { pattern: /24\/7\b/y, words: () => ['twenty', 'four', 'seven'] },
  {
    pattern: /(\d+)\s?[-–]\s?(?=\d)/y,
    words: ([, n = '']) => [...numberWords(n), 'to'],
  },
  { pattern: /#(?=\d)/y, words: () => ['number'] },
  { pattern: /(?<![\w,.])[-\u2212](?=\d)/y, words: () => ['minus'] },
  {
    pattern: new RegExp(`(${AMOUNT})(k|m|b)\\b`, 'iy'),
    words: ([, amount = '', scale = '']) => [...decimal(amount), SCALE_NAMES[scale.toLowerCase()] ?? scale],
  },
  { pattern: new RegExp(AMOUNT, 'y'), words: ([n]) => numberWords(n) },
  PLAIN_WORD,
  { pattern: /[&+=@%°]/y, words: ([symbol]) => [SYMBOLS[symbol] ?? ''] },
];

/** Letters without their accents and typographic marks as plain ones; the length never changes. */
function fold(text: string): string {
  return text
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u00c0-\u024f]/g, (letter) => letter.normalize('NFD').slice(0, 1));
}

function abbreviation(written: string): readonly string[] | undefined {
  const known = ABBREVIATIONS[written.toLowerCase()];
  if (known !== undefined) return known.split(' ');
  const letters = written.replaceAll('.', '');
  const dotted = /^(?:[A-Z]\.){2,}$/.test(written);
  return dotted ? spell(letters) : undefined;
}

function money(sign: string, amount: string, scale: string | undefined): string[] {
  const [one, many, cent, cents] = CURRENCIES[sign] ?? ['', '', '', ''];
  if (scale !== undefined) {
    return [...decimal(amount), SCALE_NAMES[scale.toLowerCase()] ?? scale.toLowerCase(), many];
  }
  const [whole = '', fraction = ''] = amount.replaceAll(',', '').split('.');
  const small = Number(fraction.padEnd(2, '0').slice(0, 2));
  const large = [...decimal(whole), whole === '1' ? one : many];
  if (small === 0) return large;
  return [...large, 'and', ...cardinal(small), small === 1 ? cent : cents];
}

function clockTime(hour: number, minute: number, half: string | undefined): string[] | undefined {
  if (hour > 23 || minute > 59) return undefined;
  const minutes = minute < 10 ? ['oh', ...cardinal(minute)] : cardinal(minute);
  if (half !== undefined)
    return [...cardinal(hour), ...(minute === 0 ? [] : minutes), half.toUpperCase(), 'M'];
  if (minute === 0) return [...cardinal(hour), ...(hour > 12 || hour === 0 ? ['hundred'] : ["o'clock"])];
  return [...cardinal(hour), ...minutes];
}

function date(month: number, day: number, ofYear: number | undefined): string[] | undefined {
  const name = MONTHS[month - 1];
  if (name === undefined || day < 1 || day > 31) return undefined;
  return [name, ...ordinal(day), ...(ofYear === undefined ? [] : year(ofYear))];
}

function monthNumber(name: string): number {
  return MONTHS.findIndex((month) => month.startsWith(name.toLowerCase().slice(0, 3))) + 1;
}

const DIGIT_BY_DIGIT_FROM = 7;

function numberWords(written: string): string[] {
  if (/^(?:19|20)\d\d$/.test(written)) return year(Number(written));
  const plain = /^\d+$/.test(written);
  return plain && written.length >= DIGIT_BY_DIGIT_FROM ? digits(written) : decimal(written);
}

const INITIALS_MAX = 5;
/** Capitals with a vowel that are nevertheless read letter by letter. */
const SPELLED = new Set(
  'AI API CEO CFO CTO COO CIO IT UK EU US USA IP ID UI UX IO ROI KPI FAQ URL HR IVR SEO EOD ETA IPO AWS IOS'.split(
    ' ',
  ),
);

function isInitials(word: string): boolean {
  if (word.length < 2 || word.length > INITIALS_MAX || word !== word.toUpperCase()) return false;
  return SPELLED.has(word) || !/[AEIOUY]/.test(word);
}

function pauseAt(text: string, at: number): SpokenUnit['pause'] {
  const mark = text[at] ?? '';
  if (mark === '?' || mark === '!') return mark;
  if (mark === '\n' || mark === '\u2026') return '.';
  // A full stop inside a name or version ("3.x", "Node.js") ends nothing.
  if (mark === '.') return /[a-z0-9]/i.test(text[at + 1] ?? '') ? '' : '.';
  if (/[,;:()\u2014]/.test(mark)) return ',';
  return mark === '\u2013' || / - /.test(text.slice(Math.max(0, at - 1), at + 2)) ? ',' : '';
}

function longerPause(a: SpokenUnit['pause'], b: SpokenUnit['pause']): SpokenUnit['pause'] {
  if (b === '') return a;
  return a === '' || a === ',' ? b : a;
}
