import type { Outcome } from './outreach/outcome.ts';
import type { LatencySummary, Percentiles, ServerEvents, TurnMetrics } from './protocol/replies.ts';

/** Writes one structured log line. Fields are names, codes and numbers: never spoken words, never secrets. */
export function log(event: string, fields: Fields): void {
  console.log(JSON.stringify({ event, ...fields }));
}

/** What a call tells at its end: the payload of `voicechat.call.ended`. */
export type Ended = ServerEvents['voicechat.call.ended'];

/** Logs an agent turn that is over, as `agent.turn`: every field of its metrics by its own name, and nothing else. */
export function logTurn(sessionId: string, metrics: TurnMetrics): void {
  const fields: Readonly<Record<keyof TurnMetrics, Fields[string]>> = {
    utteranceId: metrics.utteranceId,
    turnId: metrics.turnId,
    endOfTurnMs: metrics.endOfTurnMs,
    firstTokenMs: metrics.firstTokenMs,
    firstAudioMs: metrics.firstAudioMs,
    firstHeardMs: metrics.firstHeardMs,
    speculation: metrics.speculation,
    wastedTokens: metrics.wastedTokens,
    pauses: metrics.pauses,
    verdict: metrics.verdict,
    verdictMs: metrics.verdictMs,
    sentMs: metrics.sentMs,
    heardMs: metrics.heardMs,
    wordsSaid: metrics.wordsSaid,
    wordsHeard: metrics.wordsHeard,
    interrupted: metrics.interrupted,
  };
  log('agent.turn', { sessionId, ...fields });
}

/** Logs the end of a call, as `call.ended`: why, with which outcome, and its percentiles as `firstAudioP50Ms` and the like. */
export function logEnd(sessionId: string, { reason, outcome, latency }: Ended): void {
  log('call.ended', {
    sessionId,
    reason,
    outcome: outcomeCode(outcome),
    turns: latency.turns,
    ...percentileFields(latency),
  });
}

/** The outcome if it is one of the known codes; any other text is dropped, so that none can be logged or stored. */
export function outcomeCode(text: string | undefined): Outcome | undefined {
  const codes: readonly string[] = Object.keys(outcomes);
  // Only a key of `outcomes` passes, and these are the outcomes.
  return text !== undefined && codes.includes(text) ? (text as Outcome) : undefined;
}

const outcomes: Readonly<Record<Outcome, true>> = {
  booked: true,
  'information-sent': true,
  callback: true,
  'not-interested': true,
  'opted-out': true,
  'wrong-person': true,
  voicemail: true,
  'no-decision': true,
};

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

function percentileFields({ endOfTurnMs, firstTokenMs, firstAudioMs, firstHeardMs }: LatencySummary): Fields {
  return {
    ...named('endOfTurn', endOfTurnMs),
    ...named('firstToken', firstTokenMs),
    ...named('firstAudio', firstAudioMs),
    ...named('firstHeard', firstHeardMs),
  };
}

function named(name: string, percentiles: Percentiles | undefined): Fields {
  if (percentiles === undefined) return {};
  const { p50, p95, max } = percentiles;
  return { [`${name}P50Ms`]: p50, [`${name}P95Ms`]: p95, [`${name}MaxMs`]: max };
}
