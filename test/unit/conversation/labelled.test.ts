import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { judge } from '../../../src/conversation/overlap.ts';
import { patienceMs } from '../../../src/conversation/patience.ts';

/** A silence this long ends a turn whose words are all there; anything longer waits for more words. */
const SHORT_WAIT_MS = 700;

describe('the labelled overlaps', () => {
  const rows = table('utterances.tsv');

  it('are enough of every kind', () => {
    const labelled = (label: string) => rows.filter((row) => row['label'] === label).length;
    expect(labelled('interruption')).toBeGreaterThanOrEqual(90);
    expect(labelled('backchannel')).toBeGreaterThanOrEqual(90);
    expect(labelled('echo')).toBeGreaterThanOrEqual(30);
    expect(rows.filter((row) => row['language']?.startsWith('en') === false).length).toBeGreaterThanOrEqual(
      40,
    );
  });

  it('are obeyed when they interrupt, and ignored when they are signs of listening, noise or echo', () => {
    const score = scored(rows);
    console.log(`labelled overlaps: ${shown(score)}`);
    expect(rate(score.obeyed), score.wrong.join('\n')).toBeGreaterThanOrEqual(0.98);
    expect(rate(score.ignored), score.wrong.join('\n')).toBeGreaterThanOrEqual(0.95);
  });
});

describe('the held-out overlaps', () => {
  it('are obeyed and ignored nearly as well', () => {
    const rows = table('held-out.tsv');
    expect(rows.length).toBeGreaterThanOrEqual(80);
    const score = scored(rows);
    console.log(`held-out overlaps: ${shown(score)}`);
    expect(rate(score.obeyed)).toBeGreaterThanOrEqual(0.97); // measured 1.000
    expect(rate(score.ignored)).toBeGreaterThanOrEqual(0.86); // measured 0.885
  });
});

describe('the labelled ends of turns', () => {
  it('are waited for when unfinished, and taken soon when finished', () => {
    const rows = table('turn-ends.tsv');
    expect(rows.length).toBeGreaterThanOrEqual(60);
    const wrong = rows.filter((row) => waitMs(row) >= minimumMs(row) !== (row['label'] === 'unfinished'));
    const right = rows.length - wrong.length;
    console.log(`ends of turns: ${right} of ${rows.length}`);
    const shown = wrong.map((row) => `${row['label']}, ${waitMs(row)} ms: ${row['words']}`);
    expect(right / rows.length, shown.join('\n')).toBeGreaterThanOrEqual(0.97);
  });
});

function waitMs(row: Row): number {
  return patienceMs({
    words: row['words'] ?? '',
    asked: row['asked'] ?? '',
    language: row['language'] ?? '',
  });
}

/** A number that may be whole waits a little and counts as finished; so short a wait is only for a day without its time. */
function minimumMs(row: Row): number {
  return row['label'] === 'unfinished' ? SHORT_WAIT_MS : SHORT_WAIT_MS + 1;
}

interface Score {
  readonly obeyed: readonly boolean[];
  readonly ignored: readonly boolean[];
  readonly wrong: readonly string[];
}

function scored(rows: readonly Row[]): Score {
  const judged = rows.map((row) => ({
    row,
    interrupts: row['label'] === 'interruption',
    right: isRight(row),
  }));
  return {
    obeyed: judged.filter(({ interrupts }) => interrupts).map(({ right }) => right),
    ignored: judged.filter(({ interrupts }) => !interrupts).map(({ right }) => right),
    wrong: judged.filter(({ right }) => !right).map(({ row }) => `${row['label']}: ${row['words']}`),
  };
}

/** `unclear` lets the agent go on. That is wrong for an interruption, unless the row is only the beginning of one. */
function isRight(row: Row): boolean {
  const verdict = judge({
    words: row['words'] ?? '',
    final: row['final'] === 'yes',
    language: row['language'] ?? '',
    heard: row['heard'] ?? '',
    answering: row['answering'] === 'yes',
    leaving: row['leaving'] === 'yes',
  });
  if (row['label'] !== 'interruption') return verdict !== 'interruption';
  return verdict === 'interruption' || (verdict === 'unclear' && row['note'] === 'partial');
}

function rate(outcomes: readonly boolean[]): number {
  return outcomes.filter(Boolean).length / outcomes.length;
}

function shown({ obeyed, ignored }: Score): string {
  return `${rate(obeyed).toFixed(3)} of ${obeyed.length} interruptions obeyed, ${rate(ignored).toFixed(3)} of ${ignored.length} others ignored`;
}

type Row = Readonly<Record<string, string>>;

/** The rows under the line of names; lines that begin with `#` are comments. */
function table(name: string): readonly Row[] {
  const path = fileURLToPath(new URL(`../../fixtures/overlap/${name}`, import.meta.url));
  const [head = '', ...lines] = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const names = head.split('\t');
  return lines.map((line) => {
    const values = line.split('\t');
    return Object.fromEntries(names.map((column, i) => [column, values[i] ?? '']));
  });
}
