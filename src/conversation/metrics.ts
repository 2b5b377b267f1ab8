import type { TurnMetrics } from '../protocol/replies.ts';
import type { Reply } from './reply.ts';

/** What a reply was like that is over, or is cut off at `now`. */
export function metricsOf(reply: Reply, interrupted: boolean, now: number): TurnMetrics {
  const { cause, turn, playback, verdict } = reply;
  const origin = turn?.speechEndAt ?? reply.wantedAt;
  const since = (at: number | undefined) =>
    at === undefined ? undefined : Math.max(0, Math.round(at - origin));
  return {
    utteranceId: reply.utteranceId,
    ...('turnId' in cause ? { turnId: cause.turnId } : {}),
    ...optional('endOfTurnMs', turn?.speechEndAt === undefined ? undefined : since(reply.wantedAt)),
    ...optional('firstTokenMs', since(reply.firstTokenAt)),
    ...optional('firstAudioMs', since(reply.firstAudioAt)),
    ...optional('firstHeardMs', since(playback.firstHeardAt)),
    speculation: turn?.speculation ?? 'none',
    wastedTokens: (turn?.wastedTokens ?? 0) + reply.wastedTokens,
    pauses: reply.pauses,
    ...(verdict === undefined ? {} : { verdict: verdict.is, verdictMs: Math.round(verdict.afterMs) }),
    sentMs: Math.round(playback.sentMs),
    heardMs: Math.round(playback.heardMs(now)),
    wordsSaid: wordCount(reply.spoken.text),
    wordsHeard: wordCount(reply.heard(now)),
    interrupted,
  };
}

function optional<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  // A computed key widens to string; the record has exactly K.
  return value === undefined ? {} : ({ [key]: value } as Record<K, number>);
}

function wordCount(text: string): number {
  return text === '' ? 0 : text.split(' ').length;
}
