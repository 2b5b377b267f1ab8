import { fill, type Line, type Variables } from '../../outreach/line.ts';
import { lineNames, type Playbook } from '../../outreach/playbook.ts';
import { playbookVariables, prospectVariables } from '../../outreach/prompt.ts';
import type { Prospect } from '../../outreach/prospect.ts';
import { noPlaybookLine } from './agent.ts';
import { sayEmail, sayPhone } from './details.ts';

/**
 * Every sentence the scripted agent may speak for a playbook, with typical days, times, addresses and numbers
 * in the places the caller fills: the text a recogniser's grammar is made from. Words as a recogniser writes
 * them: lower case, no punctuation but the apostrophe, initials apart ("AI" is "a i"). Each sentence once.
 */
export function spokenLines(playbook: Playbook, prospect: Prospect = {}): readonly string[] {
  const lines: Line[] = [
    ...lineNames.map((name) => playbook.lines[name]),
    ...playbook.questions,
    ...[...playbook.objections, ...playbook.facts].map(({ say }) => say),
    ...playbook.acknowledgements,
    playbook.product.pitch,
    noPlaybookLine,
  ];
  const known = playbookVariables(playbook);
  const personal = { ...known, ...prospectVariables(prospect) };
  const texts = lines.flatMap((line) => [
    fill(line, known),
    fill(line, personal),
    ...typical.map((heard) => fill(line, { ...personal, ...heard })),
  ]);
  return [...new Set(texts.flatMap(sentences))];
}

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const dayTimes = ['morning', 'afternoon', 'evening'];
const days = [
  ...weekdays.flatMap((day) => [`on ${day}`, `next ${day}`, ...dayTimes.map((part) => `on ${day} ${part}`)]),
  ...['today', 'tomorrow'].flatMap((day) => [day, ...dayTimes.map((part) => `${day} ${part}`)]),
  'the day after tomorrow',
  'this afternoon',
  'next week',
  'next month',
  'in an hour',
  'in ten minutes',
  'after lunch',
  'in the morning',
  'in the afternoon',
];
const hours = 'one two three four five six seven eight nine ten eleven twelve'.split(' ');
const times = [
  'noon',
  ...hours.flatMap((hour) => [hour, `${hour} thirty`, `half past ${hour}`, `${hour} a m`, `${hour} p m`]),
];
const emails = ['sarah@example.com', 'john.smith@gmail.com', 'info@company.org', 'anna@outlook.com'];
const phones = ['5551234', '0987654321'];

// Days and times are walked side by side: a grammar needs each once, not each pair.
const typical: readonly Variables[] = [
  ...days.map((day, index) => ({
    'heard.day': day,
    'heard.slot': `${day} at ${times[index % times.length]}`,
  })),
  ...days.map((day) => ({ 'heard.slot': day })),
  ...times.map((time, index) => ({ 'heard.slot': `${days[index % days.length]} at ${time}` })),
  ...emails.map((email) => ({ 'heard.email': sayEmail(email) })),
  ...phones.map((phone) => ({ 'heard.phone': sayPhone(phone) })),
];

function sentences(text: string): string[] {
  return text.split(/(?<=[.?!])\s+/).flatMap((sentence) => {
    const plain = asRecognised(sentence);
    return plain ? [plain] : [];
  });
}

function asRecognised(sentence: string): string {
  return sentence
    .replace(/\b\p{Lu}{2,}\b/gu, (initials) => Array.from(initials).join(' '))
    .toLowerCase()
    .replace(/’/g, "'")
    .replace(/[^\p{L}\p{M}\p{N}' ]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim();
}
