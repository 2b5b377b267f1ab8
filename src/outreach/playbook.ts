import * as v from 'valibot';
import { isFixed, type Line, variableNames, variablesIn } from './line.ts';

/** What the agent says and may claim on a call: the only source of facts for the prompt and the fixed lines. */
export interface Playbook {
  readonly agent: { readonly name: string; readonly company: string };
  /** `pitch` says what it is, `value` what it changes for the customer; one or two spoken sentences each. */
  readonly product: { readonly name: string; readonly pitch: string; readonly value: string };
  readonly lines: Readonly<Record<LineName, Line>>;
  /** Qualification questions, 1 to 6, asked one at a time in this order. */
  readonly questions: readonly Line[];
  /** Reasons not to go on, each answered once. */
  readonly objections: readonly Answer[];
  /** What callers ask about, with the only answers the agent may give. */
  readonly facts: readonly Answer[];
  /** What the agent says on hearing an answer, in turn, 1 to 6. */
  readonly acknowledgements: readonly string[];
}

/** `cues` are phrases a caller would use for the topic, in lower case without punctuation. */
export interface Answer {
  readonly topic: string;
  readonly cues: readonly string[];
  readonly say: Line;
}

/** The lines about making an appointment. */
export const bookingLineNames = [
  'offer',
  'askSlot',
  'askDay',
  'askTime',
  'confirmSlot',
  'askEmail',
  'confirmEmail',
  'noteEmail',
  'notePhone',
  'booked',
  'bookedWithoutEmail',
] as const;

/** The short lines that fit at any time. */
export const shortLineNames = [
  'wait',
  'unknown',
  'apology',
  'filler',
  'couldNotHear',
  'stillThere',
  'backAgain',
] as const;

/** The lines that the call says by itself when something fails: the model, a second and a third time, or the voice. */
export const troubleLineNames = ['trouble', 'breakdown', 'voiceLost'] as const;

/** The lines every playbook has, by the part of the call they belong to. */
export const lineNames = [
  // opening
  'greeting',
  'reason',
  'identity',
  'robot',
  'human',
  ...bookingLineNames,
  // information by e-mail
  'askInfoEmail',
  'infoAgreed',
  // callback
  'askCallback',
  'callbackAgreed',
  // leaving
  'exit',
  'wrongPerson',
  'voicemail',
  'goodbye',
  'optOut',
  ...shortLineNames,
  ...troubleLineNames,
] as const;

export type LineName = (typeof lineNames)[number];

/** Thrown by `parsePlaybook`; the message has one line for each fault: field, what is accepted, what came. */
export class PlaybookError extends Error {
  override readonly name = 'PlaybookError';
}

/** Reads a playbook from outside. Throws `PlaybookError` listing every fault found. */
export function parsePlaybook(value: unknown): Playbook {
  const result = v.safeParse(playbookSchema, value);
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => {
    const field = v.getDotPath(issue);
    return `playbook${field ? `.${field}` : ''}: ${issue.message}`;
  });
  throw new PlaybookError(faults.join('\n'));
}

const lineCharacters = 300;
const nameCharacters = 60;

const name = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(nameCharacters),
  v.regex(/^[^{}]*$/, (issue) => `Expected no braces but received ${issue.received}`),
  speakable(),
);

// Markup would be read aloud, and the prompt keeps one line of text for each spoken line.
function speakable() {
  return v.regex<string, (issue: v.RegexIssue<string>) => string>(
    /^[^\p{Cc}\p{Extended_Pictographic}*_#<>[\]|\\`"~^]*$/u,
    (issue) =>
      `Expected spoken words on one line, without markup, double quotes or emoji, but received ${issue.received}`,
  );
}

function spoken(isAllowed: (variable: string) => boolean, allowed: string) {
  return v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1),
    v.maxLength(lineCharacters),
    speakable(),
    v.check(
      (text) => variablesIn(text).every(isAllowed) && !/[{}]/.test(text.replace(/\{\{[^{}]*\}\}/g, '')),
      (issue) =>
        `Expected no variables but ${allowed}, each in double braces, but received ${issue.received}`,
    ),
  );
}

const plainText = spoken(
  isFixed,
  'agent.name, agent.company and product.name (others need a "plain" text too)',
);
const anyText = spoken((used) => variableNames.some((known) => known === used), variableNames.join(', '));
const templateSchema = v.strictObject({ text: anyText, plain: plainText });
const lineSchema: v.GenericSchema<unknown, Line> = v.lazy((input) =>
  typeof input === 'object' && input !== null ? templateSchema : plainText,
);

const phrase = v.pipe(
  v.string(),
  v.maxLength(nameCharacters),
  v.regex(/^[a-z][a-z' ]*$/, (issue) => `Expected lower case words but received ${issue.received}`),
);

const answersSchema = v.pipe(
  v.array(
    v.strictObject({
      topic: phrase,
      cues: v.pipe(v.array(phrase), v.minLength(1), v.maxLength(24)),
      say: lineSchema,
    }),
  ),
  v.maxLength(30),
  v.check(
    (answers) => new Set(answers.map(({ topic }) => topic)).size === answers.length,
    'Expected every topic once but received one twice',
  ),
);

const playbookSchema: v.GenericSchema<unknown, Playbook> = v.strictObject({
  agent: v.strictObject({ name, company: name }),
  product: v.strictObject({ name, pitch: plainText, value: plainText }),
  // Object.fromEntries forgets the names of its keys; here they are exactly the line names.
  lines: v.strictObject(
    Object.fromEntries(lineNames.map((line) => [line, lineSchema])) as Record<LineName, typeof lineSchema>,
  ),
  questions: v.pipe(v.array(lineSchema), v.minLength(1), v.maxLength(6)),
  objections: answersSchema,
  facts: answersSchema,
  acknowledgements: v.pipe(v.array(plainText), v.minLength(1), v.maxLength(6)),
});
