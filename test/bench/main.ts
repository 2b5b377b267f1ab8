/**
 * `npm run bench`: what a turn takes, how fast the agent stops, what it remembers, and what a call costs, against
 * scripted providers with exact delays. See `docs/benchmark.md`.
 *
 *   npm run bench -- [--only latency,barge-in,conversation,false-pause,heard,hot-path] [--turns N] [--calls N] [--json]
 */
import { cpus, loadavg, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { measureBargeIn } from './barge-in.ts';
import { measureFalsePause } from './false-pause.ts';
import { measureHeardText } from './heard-text.ts';
import { measureHotPath } from './hot-path.ts';
import { printReport } from './report.ts';
import { PARTS, type Part, type Results, type Sizes } from './results.ts';
import { measureSpeculation } from './speculation.ts';
import { judged } from './targets.ts';
import { measureVoiceToVoice } from './voice-to-voice.ts';

const MOST_CALLS = 200;
const TURNS = 100;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join(',') },
    turns: { type: 'string', default: String(TURNS) },
    calls: { type: 'string', default: String(MOST_CALLS) },
    json: { type: 'boolean', default: false },
  },
});
// Standard output is for the one JSON object, whatever a library prints.
if (values.json) console.log = console.error;
const began = performance.now();
try {
  const machine = describeMachine();
  const wanted = partsFrom(values.only);
  const turns = positive('turns', values.turns);
  const results = await measured(wanted, sizesFor(turns, positive('calls', values.calls)));
  const seconds = Math.round((performance.now() - began) / 1000);
  const after = { seconds, loadAfter: loadavg().map((load) => Math.round(load * 100) / 100) };
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ machine: { ...machine, ...after }, ...results, targets: judged(results) })}\n`,
    );
  } else {
    console.log(JSON.stringify({ ...machine, ...after }));
    printReport(results);
  }
  process.exit(0);
} catch (error) {
  console.error(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exit(1);
}

/** A smaller number of turns makes everything smaller, for a quick look. */
function sizesFor(turns: number, calls: number): Sizes {
  const share = Math.min(1, turns / TURNS);
  const scaled = (count: number) => Math.max(2, Math.ceil(count * share));
  return { turns, interruptions: scaled(30), sounds: scaled(20), cuts: scaled(20), calls };
}

async function measured(wanted: ReadonlySet<Part>, sizes: Sizes): Promise<Results> {
  const results: Results = {};
  if (wanted.has('latency')) {
    progress(`latency: ${sizes.turns} turns`);
    results.latency = await measureVoiceToVoice(sizes.turns);
  }
  if (wanted.has('barge-in')) {
    progress('barge-in');
    results.bargeIn = await measureBargeIn(sizes.interruptions);
  }
  await count(wanted, sizes, results);
  if (wanted.has('hot-path')) {
    results.hotPath = await measureHotPath(sizes.calls, (what) => progress(`hot path: ${what}`));
  }
  return results;
}

/** What is counted rather than timed to the millisecond runs at once. */
async function count(wanted: ReadonlySet<Part>, sizes: Sizes, results: Results): Promise<void> {
  const parts = (['conversation', 'false-pause', 'heard'] as const).filter((part) => wanted.has(part));
  if (parts.length > 0) progress(parts.join(', '));
  const [conversation, falsePause, heard] = await Promise.all([
    wanted.has('conversation') ? measureSpeculation() : undefined,
    wanted.has('false-pause') ? measureFalsePause(sizes.sounds) : undefined,
    wanted.has('heard') ? measureHeardText(sizes.cuts) : undefined,
  ]);
  if (conversation !== undefined) results.conversation = conversation;
  if (falsePause !== undefined) results.falsePause = falsePause;
  if (heard !== undefined) results.heard = heard;
}

function partsFrom(text: string): ReadonlySet<Part> {
  return new Set(
    text.split(',').map((name) => {
      const part = PARTS.find((known) => known === name.trim());
      if (part === undefined) throw new Error(`--only: ${PARTS.join(', ')} are accepted, got ${name}`);
      return part;
    }),
  );
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name}: a whole number from 1 is accepted, got ${text}`);
  return value;
}

function describeMachine(): object {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cpus: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
    loadBefore: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

function progress(what: string): void {
  const seconds = Math.round((performance.now() - began) / 1000);
  console.error(`${String(seconds).padStart(4)} s  ${what}`);
}
