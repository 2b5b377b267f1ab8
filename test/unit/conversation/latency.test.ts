import { describe, expect, it } from 'vitest';
import { Latency, MAX_TURNS } from '../../../src/conversation/latency.ts';
import type { TurnMetrics } from '../../../src/protocol/replies.ts';

describe('the latency of a call', () => {
  it('is nothing but a count before any turn was measured', () => {
    expect(new Latency().summary()).toEqual({ turns: 0 });
    expect(summary({}, {})).toEqual({ turns: 2 });
  });

  it('is the one value where there is one', () => {
    expect(firstAudio([640])).toEqual({ p50: 640, p95: 640, max: 640 });
    expect(firstAudio([0])).toEqual({ p50: 0, p95: 0, max: 0 });
  });

  it('takes the nearest rank, a value that was measured, never one in between', () => {
    expect(firstAudio([10, 20])).toEqual({ p50: 10, p95: 20, max: 20 });
    expect(firstAudio([10, 20, 30])).toEqual({ p50: 20, p95: 30, max: 30 });
    expect(firstAudio([15, 20, 35, 40, 50])).toEqual({ p50: 35, p95: 50, max: 50 });
  });

  it.each([
    [19, { p50: 10, p95: 19, max: 19 }],
    [20, { p50: 10, p95: 19, max: 20 }],
    [21, { p50: 11, p95: 20, max: 21 }],
    [100, { p50: 50, p95: 95, max: 100 }],
    [1000, { p50: 500, p95: 950, max: 1000 }],
  ])('finds the ranks of %i turns', (turns, expected) => {
    expect(firstAudio(ramp(turns))).toEqual(expected);
  });

  it('orders by size and not by digits, whatever the order of the turns', () => {
    expect(firstAudio([1000, 90, 800, 7, 300])).toEqual({ p50: 300, p95: 1000, max: 1000 });
  });

  it('counts ties one by one', () => {
    expect(firstAudio([5, 5, 5, 9])).toEqual({ p50: 5, p95: 9, max: 9 });
    expect(firstAudio([5, 9, 9, 9])).toEqual({ p50: 9, p95: 9, max: 9 });
  });

  it('counts for each duration only the turns that have it, and counts every turn', () => {
    expect(
      summary(
        {},
        { endOfTurnMs: 300, firstTokenMs: 450, firstAudioMs: 600 },
        { firstTokenMs: 50, firstAudioMs: 200, firstHeardMs: 0 },
      ),
    ).toEqual({
      turns: 3,
      endOfTurnMs: { p50: 300, p95: 300, max: 300 },
      firstTokenMs: { p50: 50, p95: 450, max: 450 },
      firstAudioMs: { p50: 200, p95: 600, max: 600 },
      firstHeardMs: { p50: 0, p95: 0, max: 0 },
    });
  });

  it('can be asked at any time, and goes on', () => {
    const latency = new Latency();
    latency.add(turn({ firstAudioMs: 700 }));
    expect(latency.summary().firstAudioMs?.max).toBe(700);
    latency.add(turn({ firstAudioMs: 900 }));
    latency.add(turn({ firstAudioMs: 100 }));
    expect(latency.summary()).toEqual({ turns: 3, firstAudioMs: { p50: 700, p95: 900, max: 900 } });
  });

  it('forgets the oldest turns of a very long call, but not that they were', () => {
    const latency = new Latency();
    latency.add(turn({ firstAudioMs: 99_999, endOfTurnMs: 1 }));
    for (const ms of ramp(MAX_TURNS - 1)) latency.add(turn({ firstAudioMs: ms }));
    expect(latency.summary().firstAudioMs?.max).toBe(99_999);
    latency.add(turn({ firstAudioMs: 2 }));
    expect(latency.summary()).toEqual({
      turns: MAX_TURNS + 1,
      firstAudioMs: { p50: 499, p95: 949, max: 999 },
    });
  });
});

function firstAudio(values: readonly number[]) {
  return summary(...values.map((firstAudioMs) => ({ firstAudioMs }))).firstAudioMs;
}

function summary(...turns: readonly Partial<TurnMetrics>[]) {
  const latency = new Latency();
  for (const metrics of turns) latency.add(turn(metrics));
  return latency.summary();
}

/** 1, 2, … `turns`. */
function ramp(turns: number): readonly number[] {
  return Array.from({ length: turns }, (_, i) => i + 1);
}

function turn(metrics: Partial<TurnMetrics>): TurnMetrics {
  return {
    utteranceId: 'u',
    speculation: 'none',
    wastedTokens: 0,
    pauses: 0,
    sentMs: 1000,
    heardMs: 1000,
    wordsSaid: 4,
    wordsHeard: 4,
    interrupted: false,
    ...metrics,
  };
}
