import type { BargeIn } from './barge-in.ts';
import type { HotPath } from './hot-path.ts';
import type { Results } from './results.ts';

/** A figure beside what it should be. */
export interface Target {
  readonly what: string;
  readonly target: string;
  /** Absent when it was not measured, or never happened. */
  readonly measured: number | undefined;
  readonly verdict: 'met' | 'missed' | 'n/a';
}

/** Frames may cost this much more after a minute than at first, as a factor: two runs differ by nearly as much. */
const FLAT = 1.1;
const CALLS = 200;

/** Every target that the results have something to say about. */
export function judged(results: Results): readonly Target[] {
  return [
    ...latency(results),
    ...conversation(results),
    ...(results.bargeIn ?? []).flatMap(bargeIn),
    ...falsePause(results),
    ...heard(results),
    ...hotPath(results),
  ];
}

function latency({ latency: arms }: Results): readonly Target[] {
  if (arms === undefined) return [];
  const vantum = arms.find(({ arm }) => arm === 'vantum');
  const early = arms.find(({ arm }) => arm === 'vantum, speculation');
  return [
    atMost('voice to voice, p50, ms', vantum?.voiceToVoice?.p50, 950),
    atMost('own share, p50, ms', vantum?.own?.p50, 5),
    atMost('own share, p95, ms', vantum?.own?.p95, 8),
    atMost('wait for the first clause, p50, ms', vantum?.clause?.p50, 80),
    atMost('speculation: end of turn to first audio, p50, ms', early?.afterEnd?.p50, 450),
  ];
}

function conversation({ conversation: held }: Results): readonly Target[] {
  return held === undefined
    ? []
    : [atLeast('speculation: hits, % of turns', (100 * held.hits) / held.turns, 60)];
}

function bargeIn({ moment, tries, interrupts, lag, bytesAfter }: BargeIn): readonly Target[] {
  const when = moment === 'sending' ? 'while sending' : 'when all was sent';
  return [
    atMost(`barge-in ${when}: interim to interrupt, p95, ms`, lag?.p95, 10),
    atLeast(`barge-in ${when}: interrupts of ${tries}`, interrupts, tries),
    atMost(`barge-in ${when}: bytes after the interrupt`, bytesAfter, 0),
  ];
}

function falsePause({ falsePause: sounds }: Results): readonly Target[] {
  if (sounds === undefined) return [];
  return [atMost('wordless sound: pause to resume, max, ms', sounds.pausedFor?.max, 800)];
}

function heard({ heard: cuts }: Results): readonly Target[] {
  return (cuts ?? []).map(({ reports, maxError }) =>
    atMost(
      `words remembered wrongly, ${reports ? 'with' : 'without'} reports, max`,
      maxError,
      reports ? 0 : 1,
    ),
  );
}

function hotPath({ hotPath: loads }: Results): readonly Target[] {
  const floor = loads?.find(({ calls, subject }) => calls === CALLS && subject === 'floor');
  const vantum = loads?.find(({ calls, subject }) => calls === CALLS && subject === 'vantum');
  if (floor === undefined || vantum === undefined) return [];
  const at = `at ${CALLS} calls`;
  return [
    atMost(`CPU of a frame to that of the floor, ${at}`, ratio(vantum, floor, 'early'), 1.5),
    atMost(`the same after a minute, ${at}`, ratio(vantum, floor, 'afterMinute'), 1.5),
    atMost(
      `CPU of a frame after a minute to that at first, ${at}`,
      quotient(vantum.afterMinute?.cpuPerFrame, vantum.early.cpuPerFrame),
      FLAT,
    ),
    atMost(`frames late by more than 40 ms, ${at}`, vantum.early.late + (vantum.afterMinute?.late ?? 0), 0),
    atMost(`memory of a call beyond the floor's, KiB, ${at}`, vantum.kibPerCall - floor.kibPerCall, 1024),
  ];
}

function ratio(vantum: HotPath, floor: HotPath, window: 'early' | 'afterMinute'): number | undefined {
  return quotient(vantum[window]?.cpuPerFrame, floor[window]?.cpuPerFrame);
}

/** To two digits; undefined without both. */
export function quotient(of: number | undefined, by: number | undefined): number | undefined {
  return of === undefined || by === undefined ? undefined : Number((of / by).toFixed(2));
}

function atMost(what: string, measured: number | undefined, limit: number): Target {
  return {
    what,
    target: limit === 0 ? '0' : `<= ${limit}`,
    measured,
    verdict: verdict(measured, (value) => value <= limit),
  };
}

function atLeast(what: string, measured: number | undefined, limit: number): Target {
  return { what, target: `>= ${limit}`, measured, verdict: verdict(measured, (value) => value >= limit) };
}

function verdict(measured: number | undefined, fits: (value: number) => boolean): Target['verdict'] {
  if (measured === undefined) return 'n/a';
  return fits(measured) ? 'met' : 'missed';
}
