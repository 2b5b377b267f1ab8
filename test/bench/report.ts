import type { Spread } from '../support/percentiles.ts';
import type { Results } from './results.ts';
import { judged, quotient } from './targets.ts';
import type { ArmLatency } from './voice-to-voice.ts';

type Row = Readonly<Record<string, string | number>>;

/** Prints the results as tables for people, the targets last. */
export function printReport(results: Results): void {
  if (results.latency !== undefined) printLatency(results.latency);
  if (results.conversation !== undefined) printConversation(results.conversation);
  printBargeIn(results);
  printHearing(results);
  printHotPath(results);
  table(
    'Targets',
    judged(results).map(({ what, target, measured, verdict }) => ({
      what,
      target,
      measured: figure(measured),
      verdict,
    })),
  );
}

const LEGS = [
  ['clause', 'first token to first words at the synthesiser'],
  ['own', 'own share: the rest'],
  ['hear', '- to the recogniser and its final'],
  ['ask', '- to the request to the model'],
  ['deliver', '- first audio to the caller'],
  ['afterEnd', 'end of the turn to first audio'],
] as const;

function printLatency(arms: readonly ArmLatency[]): void {
  const [floor, baseline] = ['floor', 'baseline'].map((name) => arms.find(({ arm }) => arm === name));
  table(
    'Voice to voice: last frame of speech to first frame of audio, ms',
    arms.map((arm) => ({
      arm: arm.arm,
      ...spread(arm.voiceToVoice),
      'of floor': figure(quotient(arm.voiceToVoice?.p50, floor?.voiceToVoice?.p50)),
      'of baseline': figure(quotient(arm.voiceToVoice?.p50, baseline?.voiceToVoice?.p50)),
      'own share of the first turn': figure(arm.firstOwn),
      'begun early': `${arm.hits}/${arm.turns}`,
    })),
  );
  table(
    'Its parts, ms',
    arms.flatMap((arm) => [
      { arm: arm.arm, what: 'delays of the providers', ...spread(arm.providers) },
      ...LEGS.map(([leg, what]) => ({ arm: arm.arm, what, ...spread(arm[leg]) })),
    ]),
  );
}

function printConversation({
  turns,
  hits,
  paused,
  pausedHits,
  asked,
}: NonNullable<Results['conversation']>): void {
  table('A conversation with speculation', [
    {
      turns,
      hits,
      '%': figure((100 * hits) / turns),
      'turns with a pause': paused,
      'hits of these': pausedHits,
      'model asked': asked,
    },
  ]);
}

function printBargeIn({ bargeIn }: Results): void {
  if (bargeIn === undefined) return;
  table(
    "Barge-in: interim on the recogniser's socket to the interrupt at the caller, and to the last provider told to stop, ms",
    bargeIn.flatMap(({ moment, tries, interrupts, lag, cancelled, cancel, bytesAfter }) => [
      {
        moment,
        what: 'interrupt',
        came: `${interrupts}/${tries}`,
        ...spread(lag),
        'bytes after': bytesAfter,
      },
      { moment, what: 'providers told', came: `${cancelled}/${tries}`, ...spread(cancel), 'bytes after': '' },
    ]),
  );
}

function printHearing({ falsePause, heard }: Results): void {
  if (falsePause !== undefined) {
    const { sounds, pauses, resumes, pausedFor, interrupts } = falsePause;
    table('Sounds without words: pause to resume, ms', [
      { sounds, pauses, resumes, interrupts, ...spread(pausedFor) },
    ]);
  }
  if (heard !== undefined) {
    table(
      'Words remembered of a reply that was cut short, against those that had sounded',
      heard.map(({ reports, interruptions, exact, meanError, maxError }) => ({
        reports: reports ? 'yes' : 'no',
        interruptions,
        exact,
        'mean error': figure(meanError),
        'max error': figure(maxError),
      })),
    );
  }
}

function printHotPath({ hotPath }: Results): void {
  if (hotPath === undefined) return;
  const windows = hotPath.flatMap((load) => {
    const floor = hotPath.find(({ calls, subject }) => calls === load.calls && subject === 'floor');
    return (['early', 'afterMinute'] as const).flatMap((name) => {
      const window = load[name];
      if (window === undefined) return [];
      return [
        {
          calls: load.calls,
          subject: load.subject,
          window: name === 'early' ? '3-11 s' : '60-68 s',
          'CPU us/frame': window.cpuPerFrame,
          'of floor': figure(quotient(window.cpuPerFrame, floor?.[name]?.cpuPerFrame)),
          'core %': window.core,
          'late > 40 ms': `${window.late}/${window.arrived} of ${window.sent}`,
          'slowest ms': window.slowestMs,
          'generator lag ms': window.generatorLagMs,
          note: window.generatorLagMs > LAG_LIMIT_MS ? 'generator lagged' : '',
        },
      ];
    });
  });
  table('Microphone frames of 20 ms', windows);
  table(
    'Synthesised audio and memory',
    hotPath.map(({ calls, subject, cpuPerChunk, chunks, silent, kibPerCall }) => {
      const floor = hotPath.find((load) => load.calls === calls && load.subject === 'floor');
      const share = figure(quotient(cpuPerChunk, floor?.cpuPerChunk));
      return {
        calls,
        subject,
        chunks,
        'calls without': silent,
        'CPU us/chunk': figure(cpuPerChunk),
        'of floor': share,
        'KiB/call': kibPerCall,
      };
    }),
  );
}

/** A load generator that is later than this measures itself, in ms. */
const LAG_LIMIT_MS = 10;

function spread(of: Spread | undefined): Row {
  return {
    p50: figure(of?.p50),
    p95: figure(of?.p95),
    max: figure(of?.max),
    'p95-p50': figure(of?.spread),
  };
}

function figure(value: number | undefined): string | number {
  return value === undefined ? 'n/a' : Math.round(value * 100) / 100;
}

function table(title: string, rows: readonly Row[]): void {
  if (rows.length === 0) return;
  console.log(`\n${title}`);
  console.table(Object.fromEntries(rows.map((row, i) => [i + 1, row])));
}
