import { words } from '../../outreach/words.ts';
import { clockTime, timeWords } from './clock-time.ts';

/** A point in time as the caller put it, in words that can follow "we meet" or "we will call you". */
export interface Slot {
  /** "on Tuesday", "tomorrow morning", "next week", "in an hour". */
  readonly day?: string;
  /** "at three thirty", "at ten a m". */
  readonly time?: string;
}

/** The day and the time named in an utterance, or an empty slot. */
export function readSlot(text: string): Slot {
  const said = timeWords(words(text));
  const time = clockTime(said);
  const day = namedDay(said.join(' '));
  return { ...(day && { day }), ...(time && { time: `at ${time}` }) };
}

/** A slot as one phrase: "on Tuesday morning at ten". */
export function slotPhrase({ day, time }: Slot): string {
  return [day, time].filter(Boolean).join(' ');
}

/** An e-mail address, written ("sarah@example.com") or spoken ("sarah at example dot com"), in lower case. */
export function readEmail(text: string): string | undefined {
  const written = /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/u.exec(text)?.[0];
  return written?.toLowerCase() ?? spokenEmail(words(text));
}

/** An address as one would say it: "sarah at example dot com". */
export function sayEmail(address: string): string {
  const spelled = Array.from(address, (sign) => signNames.get(sign) ?? (digitNames[Number(sign)] || sign));
  return spelled
    .map((part) => (part.length > 1 ? ` ${part} ` : part))
    .join('')
    .replace(/ +/g, ' ')
    .trim();
}

/** The digits of a phone number of 6 to 15 digits, written or spoken digit by digit ("double five" is two). */
export function readPhone(text: string): string | undefined {
  let digits = '';
  let double = false;
  for (const word of words(text)) {
    const digit = digitOf(word);
    if (digit === undefined && digits.length >= phoneDigits.least) break;
    if (digit === undefined && word !== 'double') digits = '';
    else digits += double ? `${digit}${digit}` : (digit ?? '');
    double = word === 'double';
  }
  return digits.length >= phoneDigits.least && digits.length <= phoneDigits.most ? digits : undefined;
}

/** Digits as words, in groups a listener can follow: "five five five, one two three four". */
export function sayPhone(digits: string): string {
  const groups = digits.match(/\d{3}(?=\d{3})|\d+/g) ?? [];
  return groups.map((group) => Array.from(group, (digit) => digitNames[Number(digit)]).join(' ')).join(', ');
}

const phoneDigits = { least: 6, most: 15 };
const digitNames = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

function digitOf(word: string): string | undefined {
  if (/^\d+$/.test(word)) return word;
  if (word === 'oh' || word === 'o') return '0';
  const value = digitNames.indexOf(word);
  return value < 0 ? undefined : String(value);
}

const signNames: ReadonlyMap<string, string> = new Map([
  ['@', 'at'],
  ['.', 'dot'],
  ['-', 'dash'],
  ['_', 'underscore'],
  ['+', 'plus'],
]);
const spokenSigns: ReadonlyMap<string, string> = new Map([
  ['dot', '.'],
  ['point', '.'],
  ['dash', '-'],
  ['hyphen', '-'],
  ['minus', '-'],
  ['underscore', '_'],
  ['plus', '+'],
]);

// Words that come before an address, never in it.
const beforeAddress = new Set(
  'is its it email mail address to me my the that thats yes yeah sure okay ok so on use reach write send at i am im you can well um uh right of course and'.split(
    ' ',
  ),
);

function spokenEmail(said: readonly string[]): string | undefined {
  for (let at = said.indexOf('at'); at > 0; at = said.indexOf('at', at + 1)) {
    const name = localPart(said.slice(0, at));
    const domain = domainPart(said.slice(at + 1));
    if (name && domain) return `${name}@${domain}`;
  }
  return undefined;
}

function localPart(before: readonly string[]): string {
  const start = before.findLastIndex((word) => beforeAddress.has(word) && word.length > 1);
  return before
    .slice(start + 1)
    .map(addressPart)
    .join('');
}

function domainPart(after: readonly string[]): string | undefined {
  const first = after.indexOf('dot');
  if (first < 1 || first > 4) return undefined;
  let end = first;
  while (after[end] === 'dot' && after[end + 1] !== undefined) end += 2;
  if (end === first) return undefined;
  return after.slice(0, end).map(addressPart).join('');
}

function addressPart(word: string): string {
  const digit = digitNames.indexOf(word);
  return spokenSigns.get(word) ?? (digit < 0 ? word : String(digit));
}

const weekday = '(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)';
const part = '(?:morning|afternoon|evening|night)';
const days: readonly (readonly [RegExp, (match: string) => string])[] = [
  [/\bthe day after tomorrow\b/, (day) => day],
  [new RegExp(`\\b(?:next|this) ${weekday}s?(?: ${part})?`), (day) => day],
  [new RegExp(`\\b${weekday}s?(?: ${part})?`), (day) => `on ${day}`],
  [new RegExp(`\\b(?:today|tomorrow)(?: ${part})?`), (day) => day],
  [new RegExp(`\\b(?:this ${part}|tonight)\\b`), (day) => day],
  [/\b(?:next|this|the following) (?:week|month|quarter|year)\b/, (day) => day],
  [
    /\b(?:in|within) (?:a|an|half an|one|two|three|four|five|six|ten|fifteen|twenty|thirty|a few|a couple of) (?:minutes?|hours?|days?|weeks?|months?)\b/,
    (day) => day,
  ],
  [/\bafter (?:lunch|work|the holidays)\b/, (day) => day],
  [new RegExp(`\\bin the ${part}\\b`), (day) => day],
];

function namedDay(said: string): string | undefined {
  for (const [pattern, phrase] of days) {
    const match = pattern.exec(said)?.[0];
    if (match) return capitalised(phrase(match));
  }
  return undefined;
}

function capitalised(day: string): string {
  return day.replace(new RegExp(`\\b${weekday}`), (name) => `${name[0]?.toUpperCase()}${name.slice(1)}`);
}
