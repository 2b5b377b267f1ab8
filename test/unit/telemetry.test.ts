import { afterEach, describe, expect, it, vi } from 'vitest';
import type { TurnMetrics } from '../../src/protocol/replies.ts';
import { type Ended, logEnd, logTurn, outcomeCode } from '../../src/telemetry.ts';

const SECRET = 'my card is 4111';
const metrics: TurnMetrics = {
  utteranceId: 'u1',
  turnId: 't1',
  endOfTurnMs: 310,
  firstTokenMs: 450,
  firstAudioMs: 640,
  firstHeardMs: 812,
  speculation: 'hit',
  wastedTokens: 12,
  pauses: 1,
  verdict: 'echo',
  verdictMs: 280,
  sentMs: 4000,
  heardMs: 900,
  wordsSaid: 11,
  wordsHeard: 3,
  interrupted: true,
};
const p = { p50: 1, p95: 2, max: 3 };

describe('the log', () => {
  const written = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  afterEach(() => written.mockClear());
  const line = () => {
    expect(written).toHaveBeenCalledTimes(1);
    return JSON.parse(written.mock.calls[0]?.[0]);
  };

  it('has one line for a turn of the agent, with every field of its metrics', () => {
    logTurn('s1', metrics);
    expect(line()).toEqual({ event: 'agent.turn', sessionId: 's1', ...metrics });
  });

  it('has no field for what was not measured', () => {
    const { turnId, endOfTurnMs, firstHeardMs, verdict, verdictMs, ...rest } = metrics;
    logTurn('s1', rest);
    expect(line()).toEqual({ event: 'agent.turn', sessionId: 's1', ...rest });
  });

  it('has one line for the end of a call, with its percentiles', () => {
    const latency = { turns: 7, endOfTurnMs: p, firstAudioMs: { p50: 600, p95: 900, max: 1200 } };
    logEnd('s1', { reason: 'agent_ended', outcome: 'booked', latency });
    expect(line()).toEqual({
      event: 'call.ended',
      sessionId: 's1',
      reason: 'agent_ended',
      outcome: 'booked',
      turns: 7,
      endOfTurnP50Ms: 1,
      endOfTurnP95Ms: 2,
      endOfTurnMaxMs: 3,
      firstAudioP50Ms: 600,
      firstAudioP95Ms: 900,
      firstAudioMaxMs: 1200,
    });
  });

  it('takes in no words, not even of values that carry more than their types say', () => {
    const talkative = { ...metrics, text: SECRET, words: [SECRET] };
    logTurn('s1', talkative);
    const latency = { turns: 1, firstTokenMs: { ...p, text: SECRET }, text: SECRET };
    const ended: Ended & { text: string } = {
      reason: 'agent_ended',
      outcome: SECRET,
      latency,
      text: SECRET,
    };
    logEnd('s1', ended);
    expect(written).toHaveBeenCalledTimes(2);
    expect(JSON.stringify(written.mock.calls)).not.toContain('4111');
    expect(JSON.parse(written.mock.calls[1]?.[0])).not.toHaveProperty('outcome');
  });
});

describe('an outcome', () => {
  it('is one of the known codes or none', () => {
    expect(outcomeCode('opted-out')).toBe('opted-out');
    expect(outcomeCode('toString')).toBeUndefined();
    expect(outcomeCode(SECRET)).toBeUndefined();
    expect(outcomeCode(undefined)).toBeUndefined();
  });
});
