/** Words with times written in digits put as words: ["2", "30", "pm"] is ["two", "thirty", "p", "m"]. */
export function timeWords(said: readonly string[]): string[] {
  return said.flatMap((word) => {
    const clock = /^(\d{1,2})(am|pm)?$/.exec(word);
    const half = clock?.[2] ?? (word === 'am' || word === 'pm' ? word : '');
    const number = clock?.[1] ? numberWord(Number(clock[1])) : undefined;
    if (number === undefined && !half) return [word];
    return [...(number ? number.split(' ') : []), ...half];
  });
}

/**
 * The time of day in words, or undefined: "three thirty", "half past two", "ten a m", "noon". An hour counts
 * as a time after "at" or the like, before "o'clock", minutes or "a m", after a day, or when little else is said.
 */
export function clockTime(said: readonly string[]): string | undefined {
  if (said.some((word) => word === 'noon' || word === 'midday')) return 'noon';
  for (let at = 0; at < said.length; at++) {
    const time = timeAt(said, at);
    if (time) return time;
  }
  return undefined;
}

const hours = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');
const tens = ['', '', 'twenty', 'thirty', 'forty', 'fifty'];
const teens = 'thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const minutes = ['fifteen', 'twenty', 'thirty', 'forty', 'fifty', 'ten'];
const leading = new Set(['at', 'by', 'around', 'about', 'past', 'to', 'say', 'make', 'after', 'before']);
const days =
  /^(?:mon|tues|wednes|thurs|fri|satur|sun)day$|^(?:today|tomorrow|morning|afternoon|evening|week)$/;
const counted =
  /^(?:people|users?|persons?|employees|teams?|hours?|minutes?|days?|weeks?|months?|of|dollars|hundred|thousand|percent)$/;

function timeAt(said: readonly string[], at: number): string | undefined {
  const hour = hourAt(said, at);
  if (!hour) return undefined;
  const before = said[at - 1] ?? '';
  const past = /^(?:half past|quarter past|quarter to)$/.exec(
    said.slice(Math.max(0, at - 2), at).join(' '),
  )?.[0];
  const tail = timeTail(said, at + 1);
  const next = said[at + 1 + tail.length];
  if (next && counted.test(next)) return undefined;
  const isTime =
    past || tail.length > 0 || leading.has(before) || days.test(before) || said.length <= shortWords;
  return isTime ? [past, hour, ...tail].filter(Boolean).join(' ') : undefined;
}

/** Up to so many words a bare number is taken as the answer to "what time". */
const shortWords = 3;

// A recogniser writes the hour "two" as "to" or "too", and "four" as "for": after "at" it can only be the hour.
function hourAt(said: readonly string[], at: number): string | undefined {
  const word = said[at] ?? '';
  if (hours.includes(word)) return word;
  if (said[at - 1] !== 'at') return undefined;
  if (word === 'to' || word === 'too') return 'two';
  return word === 'for' ? 'four' : undefined;
}

function timeTail(said: readonly string[], from: number): string[] {
  const tail: string[] = [];
  if (minutes.includes(said[from] ?? '')) tail.push(said[from] ?? '');
  if (tail.length > 0 && said[from + 1] === 'five') tail.push('five');
  if (said[from] === 'oclock') tail.push("o'clock");
  const half = from + tail.length;
  if ((said[half] === 'a' || said[half] === 'p') && said[half + 1] === 'm') tail.push(said[half] ?? '', 'm');
  return tail;
}

function numberWord(value: number): string | undefined {
  if (value === 0) return '';
  if (value <= 12) return hours[value - 1];
  if (value < 20) return teens[value - 13];
  const ten = tens[Math.floor(value / 10)];
  const one = value % 10 === 0 ? '' : ` ${hours[(value % 10) - 1]}`;
  return ten && value < 60 ? ten + one : undefined;
}
