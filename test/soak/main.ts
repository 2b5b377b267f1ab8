/**
 * `npm run soak`: many people call at once for some minutes, against scripted providers; everything they receive is
 * held against the protocol. See "The soak" in `docs/operations.md`.
 *
 *   npm run soak -- [--calls N] [--minutes M] [--seed S]
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { now } from '../../src/local/wire/clock.ts';
import { Random } from '../support/random.ts';
import { Memory } from './memory.ts';
import { Microphones } from './microphones.ts';
import { Person } from './person.ts';
import { printReport } from './report.ts';
import { Stand } from './stand.ts';
import { Tally } from './tally.ts';

const MOST_CALLS = 500;
const MOST_MINUTES = 60;
const MINUTE_MS = 60_000;
/** The calls begin so far apart, in ms. */
const RAMP_MS = 50;
/** Every call has ended, and every connection to a provider with it, so long after the last one at most, in ms. */
const SETTLED_MS = 10_000;
/** A call nobody came back to takes longer. */
const ABANDONED_MS = 75_000;
/** Beyond all of this the soak itself is stuck, in ms. */
const STUCK_MS = 240_000;
/** Memory that grows faster than this is a leak: KiB a minute. */
const MOST_SLOPE_KIB = 8 * 1024;
/** Log lines that must not be there. */
const BUGS = ['call.bug', 'archive.failed', 'http.error', 'not a log line'];

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
try {
  const calls = numberOf('calls', values.calls, 1, MOST_CALLS);
  const minutes = numberOf('minutes', values.minutes, 0.1, MOST_MINUTES);
  const seed = numberOf('seed', values.seed, 0, 0xffff_ffff);
  const stuck = setTimeout(
    () => {
      console.error('soak: it did not come to its end');
      process.exit(1);
    },
    minutes * MINUTE_MS + STUCK_MS,
  );
  console.log(`${calls} calls, ${minutes} minutes, --seed ${seed}, load ${loadavg()[0]?.toFixed(2)} before`);
  const sound = await soak(calls, minutes * MINUTE_MS, seed);
  clearTimeout(stuck);
  process.exit(sound ? 0 : 1);
} catch (error) {
  console.error(`soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exit(1);
}

/** True when nothing was wrong. */
async function soak(calls: number, lastsMs: number, seed: number): Promise<boolean> {
  const stand = await Stand.open();
  try {
    const tally = new Tally();
    const memory = new Memory(stand.workerd);
    const endsAt = now() + lastsMs;
    const url = `${stand.worker.socketUrl}/ws`;
    const people = Array.from(
      { length: calls },
      (_, i) => new Person(url, new Random(seed + i), tally, endsAt),
    );
    const microphones = new Microphones(people.map((person) => () => person.record()));
    await Promise.all(people.map((person, i) => sleep(i * RAMP_MS).then(() => person.live())));
    microphones.stop();
    memory.stop();
    const left = await stand.left(tally.vanished > 0 ? ABANDONED_MS : SETTLED_MS);
    const { events, ended } = stand.logged;
    judge(tally, stand, ended, left);
    printReport(tally, { microphones: microphones.figures, memory, logged: events, left });
    if (tally.violations > 0) return false;
    if ((memory.slope ?? 0) <= MOST_SLOPE_KIB) return true;
    console.log(`  ! memory grows by more than ${MOST_SLOPE_KIB} KiB a minute`);
    return false;
  } finally {
    await stand.close();
  }
}

/** What only the whole run can tell. */
function judge(tally: Tally, stand: Stand, ended: readonly string[], left: number): void {
  if (left > 0) tally.problem(`${left} connections to providers outlived their calls`);
  for (const warning of stand.warnings) tally.problem(warning);
  for (const event of BUGS) {
    const lines = stand.logged.events.get(event) ?? 0;
    if (lines > 0) tally.problem(`${lines} log lines ${event}`);
  }
  const ends = new Map<string, number>();
  for (const session of ended) tally.count(ends, session);
  const wrong = tally.sessions.filter((session) => ends.get(session) !== 1);
  if (wrong.length > 0) tally.problem(`${wrong.length} calls without exactly one end in the log`);
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most))
    throw new Error(`--${name}: a number from ${least} to ${most} is accepted, got ${text}`);
  return value;
}
