import type { Line } from '../../outreach/line.ts';
import {
  type Answer,
  lineNames,
  type Playbook,
  PlaybookError,
  parsePlaybook,
} from '../../outreach/playbook.ts';
import { fences, heardPlaceholders, label, plainMark, timeLeftNote } from '../../outreach/prompt.ts';
import { type Prospect, ProspectError, parseProspect } from '../../outreach/prospect.ts';

/** What the scripted agent works from: the playbook with the prospect's lines in place, and the prospect. */
export interface Script {
  readonly playbook: Playbook;
  readonly prospect: Prospect;
  /** Whether the call has so little time left that the next turn closes it. */
  readonly isLate: boolean;
}

/** Reads a system message written by `systemPrompt`, with or without `timeLeftNote` below it; undefined when it is some other prompt. */
export function parseScript(prompt: string): Script | undefined {
  const sections = splitSections(prompt);
  const personal = personalTexts(sections.get('Prospect') ?? []);
  const playbook = playbookFrom(sections, personal);
  try {
    return {
      playbook: parsePlaybook(playbook),
      prospect: prospectFrom(sections.get('Prospect') ?? []),
      isLate: prompt.trimEnd().endsWith(`\n\n${timeLeftNote()}`),
    };
  } catch (error) {
    if (error instanceof PlaybookError || error instanceof ProspectError) return undefined;
    throw error;
  }
}

/** One "- label: text" line; a line with cues reads "- label (caller says: a, b): text". */
interface Entry {
  readonly label: string;
  readonly cues: readonly string[];
  readonly text: string;
}

type Texts = ReadonlyMap<string, string>;

function splitSections(prompt: string): Map<string, Entry[]> {
  const sections = new Map<string, Entry[]>();
  let current: Entry[] = [];
  for (const row of prompt.split('\n')) {
    const heading = /^# (.+)$/.exec(row)?.[1];
    // After the fence opens no heading counts: the prospect's data ends the prompt.
    if (heading && !sections.has('Prospect')) {
      current = [];
      sections.set(heading, current);
    }
    const entry = parseEntry(row);
    if (entry) current.push(entry);
    if (row === fences.close) break;
  }
  return sections;
}

function parseEntry(row: string): Entry | undefined {
  const match =
    /^- ([a-zA-Z0-9' ]+?)( \(when not known\))?(?: \(caller says: ([^)]*)\))?( \(when not known\))?: (.+)$/.exec(
      row,
    );
  const [, name, , cues, plain, text] = match ?? [];
  if (!name || !text) return undefined;
  const isPlain = plain ?? match?.[2];
  return { label: isPlain ? name + plainMark : name, cues: cues?.split(', ') ?? [], text };
}

function playbookFrom(sections: ReadonlyMap<string, readonly Entry[]>, personal: Texts) {
  const all = [...sections].flatMap(([heading, entries]) => (heading === 'Prospect' ? [] : entries));
  const texts = new Map(all.map(({ label, text }) => [label, text]));
  const line = (name: string) => lineFrom(name, texts, personal);
  const answers = (heading: string): Answer[] =>
    (sections.get(heading) ?? []).flatMap(({ label, cues }) =>
      label.endsWith(plainMark) ? [] : [{ topic: label, cues, say: line(label) ?? '' }],
    );
  return {
    agent: { name: texts.get('name'), company: texts.get('company') },
    product: { name: texts.get('product'), pitch: texts.get('pitch'), value: texts.get('value') },
    lines: Object.fromEntries(lineNames.map((name) => [name, line(label(name))])),
    questions: (sections.get('Qualification') ?? []).flatMap(({ label }) =>
      label.endsWith(plainMark) ? [] : [line(label)],
    ),
    objections: answers('Objections'),
    facts: answers('Facts'),
    acknowledgements: all.flatMap(({ label, text }) => (label === 'acknowledgement' ? [text] : [])),
  };
}

function lineFrom(name: string, texts: Texts, personal: Texts): Line | undefined {
  const text = personal.get(name) ?? texts.get(name);
  if (text === undefined) return undefined;
  const plain = texts.get(name + plainMark);
  return plain === undefined ? text : { text: withVariables(text), plain };
}

function withVariables(text: string): string {
  return Object.entries(heardPlaceholders).reduce(
    (line, [name, placeholder]) => line.replaceAll(placeholder, `{{${name}}}`),
    text,
  );
}

function personalTexts(entries: readonly Entry[]): Texts {
  return new Map(
    entries.flatMap(({ label, text }) =>
      label.startsWith('line ') ? [[label.slice('line '.length), text]] : [],
    ),
  );
}

function prospectFrom(entries: readonly Entry[]): Prospect {
  return parseProspect(
    Object.fromEntries(
      entries.flatMap(({ label, text }) => (label.startsWith('line ') ? [] : [[label, text]])),
    ),
  );
}
