const ONES = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
  'thirteen',
  'fourteen',
  'fifteen',
  'sixteen',
  'seventeen',
  'eighteen',
  'nineteen',
] as const;
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'] as const;
const SCALES = [
  [1_000_000_000, 'billion'],
  [1_000_000, 'million'],
  [1000, 'thousand'],
] as const;
const IRREGULAR_ORDINALS: Readonly<Record<string, string>> = {
  one: 'first',
  two: 'second',
  three: 'third',
  five: 'fifth',
  eight: 'eighth',
  nine: 'ninth',
  twelve: 'twelfth',
};

/** Numbers of at least this size are read digit by digit. */
const TOO_LARGE_TO_NAME = 1e12;

/** A whole number of 0 or more in English words: 1204 is `one thousand two hundred four`. */
export function cardinal(value: number): string[] {
  if (value >= TOO_LARGE_TO_NAME) return digits(String(value));
  for (const [size, name] of SCALES) {
    if (value < size) continue;
    const rest = value % size;
    return [...cardinal(Math.floor(value / size)), name, ...(rest === 0 ? [] : cardinal(rest))];
  }
  if (value >= 100) {
    const rest = value % 100;
    return [...cardinal(Math.floor(value / 100)), 'hundred', ...(rest === 0 ? [] : cardinal(rest))];
  }
  if (value < ONES.length) return [ONES[value] ?? ''];
  const rest = value % 10;
  return [TENS[Math.floor(value / 10)] ?? '', ...(rest === 0 ? [] : cardinal(rest))];
}

/** The place in a row: 21 is `twenty first`. */
export function ordinal(value: number): string[] {
  const words = cardinal(value);
  const last = words.pop() ?? '';
  const regular = last.endsWith('y') ? `${last.slice(0, -1)}ieth` : `${last}th`;
  return [...words, IRREGULAR_ORDINALS[last] ?? regular];
}

/** Every digit by its name; other characters are left out. */
export function digits(text: string): string[] {
  return [...text].filter((c) => c >= '0' && c <= '9').map((c) => ONES[Number(c)] ?? '');
}

/** A written number such as `1,250.5`: the whole part as a cardinal, the fraction digit by digit. */
export function decimal(written: string): string[] {
  const [whole = '', fraction = ''] = written.replaceAll(',', '').split('.');
  const words = whole.length > 1 && whole.startsWith('0') ? digits(whole) : cardinal(Number(whole));
  return fraction === '' ? words : [...words, 'point', ...digits(fraction)];
}

/** A year as it is said: 1999 `nineteen ninety nine`, 2005 `two thousand five`, 2025 `twenty twenty five`. */
export function year(value: number): string[] {
  const century = Math.floor(value / 100);
  const rest = value % 100;
  if (value >= 2000 && value < 2010) return cardinal(value);
  if (rest === 0) return [...cardinal(century), 'hundred'];
  return [...cardinal(century), ...(rest < 10 ? ['oh'] : []), ...cardinal(rest)];
}
