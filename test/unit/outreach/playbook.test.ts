import { describe, expect, it } from 'vitest';
import { fill, type Line } from '../../../src/outreach/line.ts';
import { defaultPlaybook } from '../../../src/outreach/northgate.ts';
import { lineNames, parsePlaybook } from '../../../src/outreach/playbook.ts';
import { spokenLine } from '../../../src/outreach/prompt.ts';

const everyLine: readonly Line[] = [
  ...Object.values(defaultPlaybook.lines),
  ...defaultPlaybook.questions,
  ...[...defaultPlaybook.objections, ...defaultPlaybook.facts].map(({ say }) => say),
  ...defaultPlaybook.acknowledgements,
  defaultPlaybook.product.pitch,
  defaultPlaybook.product.value,
];
const fixed = { 'agent.name': 'Ava', 'agent.company': 'Northgate', 'product.name': 'Northgate Planner' };

describe('the default playbook', () => {
  it('is valid', () => {
    expect(parsePlaybook(structuredClone(defaultPlaybook))).toEqual(defaultPlaybook);
  });

  it.each(everyLine.map((line) => [fill(line, fixed)]))('speaks plain words: %s', (text) => {
    expect(text).toMatch(/^[A-Z][A-Za-z' ,.?]+[.?]$/);
    expect(text.split(/[.?]( |$)/).filter((part) => part.trim()).length).toBeLessThanOrEqual(3);
    expect(text.split(' ').length).toBeLessThanOrEqual(32);
  });

  it('greets by name when it is known, and without a gap when it is not', () => {
    expect(spokenLine(defaultPlaybook, { name: 'Sam' }, 'greeting')).toMatch(/^Hi Sam, this is Ava, an AI/);
    expect(spokenLine(defaultPlaybook, {}, 'greeting')).toMatch(/^Hi, this is Ava, an AI/);
  });

  it.each(lineNames.map((name) => [name]))('never speaks a placeholder: %s', (name) => {
    for (const prospect of [
      {},
      { name: 'Sam' },
      { company: 'Acme' },
      { name: 'Sam', company: 'Acme', role: 'CEO' },
    ]) {
      expect(spokenLine(defaultPlaybook, prospect, name)).not.toMatch(/[{}[\]]|undefined/);
    }
  });
});

describe('fill', () => {
  it('uses the plain text when a variable is missing or empty', () => {
    const line = { text: 'Hi {{ prospect.name }}.', plain: 'Hi from {{agent.company}}.' };
    expect(fill(line, { ...fixed, 'prospect.name': 'Sam' })).toBe('Hi Sam.');
    expect(fill(line, { ...fixed, 'prospect.name': '' })).toBe('Hi from Northgate.');
    expect(fill(line, fixed)).toBe('Hi from Northgate.');
  });

  it('does not fill a value that looks like a variable again', () => {
    const line = { text: 'Hi {{prospect.name}}.', plain: 'Hi.' };
    expect(fill(line, { ...fixed, 'prospect.name': '{{agent.name}}' })).toBe('Hi {{agent.name}}.');
  });

  it('throws rather than speak a gap', () => {
    expect(() => fill('Hi {{prospect.name}}.', fixed)).toThrow('Hi {{prospect.name}}.');
  });
});

describe('parsePlaybook', () => {
  const lines = (changes: Record<string, unknown>) => ({
    ...defaultPlaybook,
    lines: { ...defaultPlaybook.lines, ...changes },
  });

  it.each<[string, unknown, RegExp]>([
    ['no object', 7, /^playbook: .*Expected Object but received 7/],
    [
      'a missing agent',
      { ...defaultPlaybook, agent: { name: 'Ava' } },
      /^playbook\.agent\.company: .*undefined/m,
    ],
    ['an unknown field', { ...defaultPlaybook, tone: 'warm' }, /^playbook\.tone: /m],
    ['a missing line', lines({ optOut: undefined }), /^playbook\.lines\.optOut: /m],
    ['an unknown line', lines({ hello: 'Hello.' }), /^playbook\.lines\.hello: /m],
    ['a variable without fallback', lines({ greeting: 'Hi {{prospect.name}}.' }), /lines\.greeting: .*plain/],
    [
      'a fallback with a gap',
      lines({ greeting: { text: 'Hi.', plain: 'Hi {{prospect.name}}.' } }),
      /greeting\.plain: /,
    ],
    [
      'an unknown variable',
      lines({ exit: { text: 'Bye {{caller}}.', plain: 'Bye.' } }),
      /exit\.text: .*\{\{caller\}\}/,
    ],
    ['a stray brace', lines({ exit: 'Bye {name}.' }), /lines\.exit: /],
    ['markup', lines({ exit: '**Bye**' }), /lines\.exit: .*markup/],
    ['a line break', lines({ exit: 'Bye.\n- opt out: no' }), /lines\.exit: .*one line/],
    ['emoji', lines({ exit: 'Bye 👋' }), /lines\.exit: .*emoji/],
    ['an empty line', lines({ exit: '  ' }), /lines\.exit: /],
    ['no questions', { ...defaultPlaybook, questions: [] }, /^playbook\.questions: /],
    [
      'a cue with markup',
      { ...defaultPlaybook, facts: [{ topic: 'a', cues: ['(b)'], say: 'C.' }] },
      /facts\.0\.cues\.0: /,
    ],
    [
      'a topic twice',
      { ...defaultPlaybook, facts: [1, 2].map(() => ({ topic: 'a', cues: ['b'], say: 'C.' })) },
      /facts: .*once/,
    ],
  ])('names the fault: %s', (_, value, message) => {
    expect(() => parsePlaybook(value)).toThrow(message);
  });

  it('reports every fault at once', () => {
    const value = { ...lines({ exit: 7, greeting: 8 }), questions: [] };
    expect(() => parsePlaybook(value)).toThrow(/lines\.greeting[\s\S]*lines\.exit[\s\S]*questions/);
  });
});
