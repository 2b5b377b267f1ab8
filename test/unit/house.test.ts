import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => `src/${path}`);

/** Which rooms each room of `src` may import from; a room may always import from itself. `''` is the top of `src`. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  '': ['conversation', 'protocol', 'outreach', 'audio', 'providers'],
  providers: ['conversation', 'outreach', 'audio', ''],
  conversation: ['protocol', 'outreach', 'audio'],
  protocol: [],
  outreach: [],
  audio: [],
  client: ['protocol', 'audio'],
  console: ['client', 'protocol', 'audio'],
  local: ['audio', 'outreach', ''],
};
/** What a room takes from the top of `src` is its configuration, and nothing else. */
const ALLOWED_AT_THE_TOP = ['src/config.ts'];

describe('the rooms of src', () => {
  it('import only from the rooms they may', () => {
    const wrong = imports(EVERY_IMPORT).filter(
      ({ from, to }) => room(from) !== room(to) && !mayImport(from, to),
    );
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('have no import cycle between files at run time', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to } of imports(RUN_TIME_IMPORT)) edges.set(from, [...(edges.get(from) ?? []), to]);
    expect(files.filter((file) => reaches(file, file, edges, new Set()))).toEqual([]);
  });

  it('are each known to this test', () => {
    expect([...new Set(files.map(room))].sort()).toEqual(Object.keys(ALLOWED).sort());
  });
});

describe('the pure rooms', () => {
  const pure = files.filter((file) => /^src\/(conversation|protocol|outreach|audio)\//.test(file));

  it('take the time as an input and leave no trace', () => {
    const impure =
      /\b(setTimeout|setInterval|fetch\(|Date\.now|new Date\(|performance\.|Math\.random|crypto\.|console\.)/;
    expect(pure.filter((file) => impure.test(read(file)))).toEqual([]);
  });
});

describe('house style', () => {
  it('keeps files short', () => {
    expect(files.filter((file) => read(file).split('\n').length > 400)).toEqual([]);
  });

  it('names files by nouns of the domain', () => {
    const banned =
      /(^|[-/])(services?|managers?|controllers?|handlers?|helpers?|utils?|base|types|constants)\.ts$/;
    expect(files.filter((file) => banned.test(file))).toEqual([]);
  });

  it('leaves nothing open or unchecked', () => {
    const open = /\b(TODO|FIXME|XXX)\b|@ts-ignore|@ts-nocheck|\bas any\b/;
    expect(files.filter((file) => open.test(read(file)))).toEqual([]);
  });
});

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function room(file: string): string {
  return /^src\/([^/]+)\//.exec(file)?.[1] ?? '';
}

function mayImport(from: string, to: string): boolean {
  if (to === 'package.json') return true;
  // A build script is the workshop of its room, not a part of it.
  if (!(ALLOWED[room(from)] ?? []).includes(room(to))) return false;
  return room(to) !== '' || ALLOWED_AT_THE_TOP.includes(to);
}

const EVERY_IMPORT = /^(?:import|export)\s[^;]*?from '(\.[^']+)'/gm;
const RUN_TIME_IMPORT = /^(?:import|export)\s(?!type\b)[^;]*?from '(\.[^']+)'/gm;

function imports(pattern: RegExp): readonly { from: string; to: string }[] {
  return files.flatMap((from) =>
    [...read(from).matchAll(pattern)].map(([, path = '']) => ({
      from,
      to: relative(root, join(root, dirname(from), path)),
    })),
  );
}

function reaches(
  at: string,
  goal: string,
  edges: ReadonlyMap<string, readonly string[]>,
  seen: Set<string>,
): boolean {
  return (edges.get(at) ?? []).some((next) => {
    if (next === goal) return true;
    if (seen.has(next)) return false;
    seen.add(next);
    return reaches(next, goal, edges, seen);
  });
}
