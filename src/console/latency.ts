import type { Metrics } from '../client/news.ts';

/** How fast the agent answered and what held it up, as one line; `undefined` if nothing was measured. */
export function latencyWords(turn: Metrics): string | undefined {
  const measured = stages.flatMap(([stage, name]) => {
    const ms = turn[stage];
    return ms === undefined ? [] : [`${name} ${Math.round(ms)}`];
  });
  const answer = measured.length === 0 ? [] : [`After your last word: ${measured.join(' · ')} ms`];
  const words = [...answer, ...speculationWords(turn), ...pauseWords(turn)].join(' · ');
  return words === '' ? undefined : words.charAt(0).toUpperCase() + words.slice(1);
}

type Stage = 'endOfTurnMs' | 'firstTokenMs' | 'firstAudioMs' | 'firstHeardMs';

const stages: readonly (readonly [Stage, string])[] = [
  ['endOfTurnMs', 'turn over'],
  ['firstTokenMs', 'first token'],
  ['firstAudioMs', 'first sound sent'],
  ['firstHeardMs', 'heard'],
];

function speculationWords({ speculation }: Metrics): readonly string[] {
  if (speculation === 'hit') return ['answer begun early'];
  return speculation === 'miss' ? ['answer begun early, and again'] : [];
}

function pauseWords({ pauses = 0, verdict, verdictMs }: Metrics): readonly string[] {
  if (pauses === 0) return [];
  const after = verdictMs === undefined ? '' : ` after ${Math.round(verdictMs)} ms`;
  return [`paused ${pauses}×${verdict === undefined ? '' : `, ${verdict}${after}`}`];
}
