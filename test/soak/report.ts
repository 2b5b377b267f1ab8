import { rounded, spreadOf } from '../support/percentiles.ts';
import type { Memory } from './memory.ts';
import type { Microphones } from './microphones.ts';
import type { Tally } from './tally.ts';

/** What is printed beside what the callers saw. */
export interface Surroundings {
  readonly microphones: Microphones['figures'];
  readonly memory: Memory;
  readonly logged: ReadonlyMap<string, number>;
  /** Connections to the providers when all calls were over. */
  readonly left: number;
}

/** An ack that comes later than this after its request is late, in ms. */
const LATE_MS = 40;

export function printReport(tally: Tally, { microphones, memory, logged, left }: Surroundings): void {
  const rows: readonly (readonly [string, string | number])[] = [
    ['calls', tally.sessions.length],
    ['turns of callers', tally.turns],
    ['  without an answer', tally.unanswered],
    ['connections lost / resumed', `${tally.lost} / ${tally.resumed}`],
    ['callers who vanished', tally.vanished],
    ['frames received', tally.frames],
    ['protocol violations and problems', tally.violations],
    ['last speech to answer, ms', spread(tally.answers)],
    ['request to ack, ms', spread(tally.acks)],
    [
      `  later than ${LATE_MS} ms`,
      `${tally.acks.filter((ms) => ms > LATE_MS).length} of ${tally.acks.length}`,
    ],
    ['silence within utterances, ms', spread(tally.holes)],
    ['microphone frames', microphones.frames],
    ['  recorded late', `${microphones.late}, at most ${rounded(microphones.lagMs, 1)} ms`],
    ['workerd, MiB at each minute', memory.minutes.map((kib) => rounded(kib / 1024, 0)).join(' ')],
    [
      '  growth, MiB a minute',
      memory.slope === undefined ? 'too short to tell' : rounded(memory.slope / 1024, 2),
    ],
    ['connections to providers left', left],
    ['close codes', counts(tally.closes)],
    ['reasons of call.ended', counts(tally.reasons)],
    ['troubles told', counts(tally.troubles)],
    ['log lines', counts(logged)],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(34)} ${value}`);
  for (const kept of tally.kept) console.log(`  ! ${kept}`);
}

function spread(values: readonly number[]): string {
  const all = spreadOf(values);
  if (all === undefined) return 'none';
  return `p50 ${rounded(all.p50, 1)}  p95 ${rounded(all.p95, 1)}  max ${rounded(all.max, 1)}  (${all.n})`;
}

function counts(of: ReadonlyMap<string, number>): string {
  if (of.size === 0) return 'none';
  return [...of]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}
