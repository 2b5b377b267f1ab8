import { digits } from './numbers.ts';

const NAMED_MARKS: Readonly<Record<string, string>> = {
  '@': 'at',
  '.': 'dot',
  '-': 'dash',
  _: 'underscore',
  '+': 'plus',
  '/': 'slash',
};
const LETTERED = new Set(['www', 'io', 'ai', 'uk', 'eu', 'tv', 'api', 'faq', 'hr']);

/** The letters one by one; capitals, because the synthesiser reads a lone small `a` as the article. */
export function spell(letters: string): string[] {
  return [...letters.toUpperCase()];
}

/** An e-mail or web address as it is dictated: `sam.lee@example.com` is `sam dot lee at example dot com`. */
export function addressWords(address: string): string[] {
  return (address.match(/[a-z]+|\d|[@.\-_+/]/gi) ?? []).flatMap((part) => {
    const lower = part.toLowerCase();
    if (/\d/.test(part)) return digits(part);
    if (LETTERED.has(lower) || lower.length === 1) return NAMED_MARKS[lower]?.split(' ') ?? spell(lower);
    return [lower];
  });
}

/** A phone number digit by digit, with a pause after each written group. */
export function phoneWords(number: string): string[] {
  const groups = number.match(/\d+/g) ?? [];
  const spoken = groups.map((group) => digits(group));
  return [
    ...(number.startsWith('+') ? ['plus'] : []),
    ...spoken.flatMap((group, index) =>
      index === spoken.length - 1 ? group : [...group.slice(0, -1), `${group.at(-1)},`],
    ),
  ];
}
