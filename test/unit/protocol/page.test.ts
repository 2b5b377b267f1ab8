import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as limits from '../../../src/protocol/limits.ts';

const page = read('docs/protocol.md');
const [prose = ''] = page.split('## A minimal client');

it.each(names('src/protocol/requests.ts', /^ {2}\| '(\w+)';?$/gm))(
  'docs/protocol.md explains the refusal %s',
  (code) => {
    expect(prose).toContain(`| \`${code}\` |`);
  },
);

it.each(names('src/protocol/replies.ts', /^ {2}\| '(\w+)';?$/gm))(
  'docs/protocol.md explains the trouble %s',
  (code) => {
    expect(prose).toContain(`| \`${code}\` |`);
  },
);

it.each([
  ...names('src/protocol/replies.ts', /^ {2}'([\w.]+)':/gm),
  ...names('src/protocol/requests.ts', /^ {2}'([\w.]+)':/gm),
])('docs/protocol.md explains the event %s', (eventType) => {
  expect(prose).toContain(`| \`${eventType}\` |`);
});

it('docs/protocol.md names no event that the code does not know', () => {
  const known = `${read('src/protocol/replies.ts')}${read('src/protocol/requests.ts')}`;
  const named = [...prose.matchAll(/^\| `((?:voicechat|connection)\.[\w.]+)` \|/gm)].map(
    ([, name]) => name ?? '',
  );
  expect(named.length).toBeGreaterThan(15);
  for (const eventType of named) expect(known).toContain(`'${eventType}'`);
});

it.each(Object.entries(limits))('docs/protocol.md tells the limit %s, %i', (_, value) => {
  expect(prose).toMatch(new RegExp(`\\b${value}\\b`));
});

function names(path: string, pattern: RegExp): readonly string[] {
  const found = [...read(path).matchAll(pattern)].map(([, name]) => name ?? '');
  if (found.length < 5) throw new Error(`${path} is written differently: ${found.length} names were found`);
  return found;
}

function read(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
}
