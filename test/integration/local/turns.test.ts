import { describe, expect, it } from 'vitest';
import { readFluxQuery } from '../../../src/local/deepgram/flux-query.ts';
import { pausesFor, Turns } from '../../../src/local/deepgram/turns.ts';
import type { HeardWord } from '../../../src/local/sources.ts';

const BASE = 'model=flux-general-en&encoding=linear16&sample_rate=16000';

function words(text: string): HeardWord[] {
  return text.split(' ').map((word, i) => ({
    word,
    startMs: i * 300,
    endMs: i * 300 + 200,
    confidence: 0.9,
  }));
}

function turns(query = BASE) {
  const told: string[] = [];
  const machine = new Turns(readFluxQuery(new URLSearchParams(query)), 250, (info) => {
    // A TurnInfo has these two.
    const { event, transcript, trigger } = info as { event: string; transcript: string; trigger?: string };
    told.push([event, transcript, trigger].filter(Boolean).join(' | '));
  });
  return { machine, told };
}

describe('Turns', () => {
  it('starts a turn with words only, even when they come with the end', () => {
    const { machine, told } = turns();
    machine.hear({ type: 'speech', startMs: 0 }, 100);
    machine.hear({ type: 'final', audioMs: 200, words: [], end: 'pause' }, 200);
    expect(told).toEqual([]);
    machine.hear({ type: 'final', audioMs: 900, words: words('hello there'), end: 'pause' }, 900);
    expect(told).toEqual(['StartOfTurn | Hello there.', 'EndOfTurn | Hello there. | model']);
  });

  it('takes an eager end back when the final has other words', () => {
    const { machine, told } = turns();
    machine.hear({ type: 'interim', audioMs: 500, words: words('no') }, 500);
    machine.hear({ type: 'eager', audioMs: 700 }, 700);
    machine.hear({ type: 'interim', audioMs: 750, words: words('no thanks') }, 750);
    machine.hear({ type: 'final', audioMs: 800, words: words('no thanks'), end: 'pause' }, 800);
    expect(told).toEqual([
      'StartOfTurn | No.',
      'EagerEndOfTurn | No.',
      'TurnResumed | No thanks.',
      'EndOfTurn | No thanks. | model',
    ]);
  });

  it('ends right after an eager end with the same words', () => {
    const { machine, told } = turns();
    machine.hear({ type: 'interim', audioMs: 500, words: words('no thanks') }, 500);
    machine.hear({ type: 'eager', audioMs: 700 }, 700);
    machine.hear({ type: 'activity', audioMs: 2_000, speaking: false }, 2_000);
    machine.hear({ type: 'final', audioMs: 2_000, words: words('no thanks'), end: 'pause' }, 2_000);
    expect(told.slice(1)).toEqual(['EagerEndOfTurn | No thanks.', 'EndOfTurn | No thanks. | model']);
  });

  it('is sure of the end of a turn as its silence grows, up to what ends it', () => {
    const confidences: number[] = [];
    const query = readFluxQuery(new URLSearchParams(`${BASE}&eager_eot_threshold=0.5`));
    const machine = new Turns(query, 250, (info) =>
      confidences.push((info as { end_of_turn_confidence: number }).end_of_turn_confidence),
    );
    machine.hear({ type: 'activity', audioMs: 500, speaking: true }, 500);
    machine.hear({ type: 'interim', audioMs: 500, words: words('no thanks') }, 500);
    machine.hear({ type: 'interim', audioMs: 560, words: words('no thanks') }, 560);
    machine.hear({ type: 'interim', audioMs: 615, words: words('no thanks') }, 615);
    machine.hear({ type: 'eager', audioMs: 620 }, 620);
    machine.hear({ type: 'final', audioMs: 810, words: words('no thanks'), end: 'pause' }, 810);
    const [before, eager, end] = confidences.slice(-3);
    expect(confidences).toEqual([...confidences].sort((a, b) => a - b));
    expect(before).toBeCloseTo(0.49, 2);
    expect([eager, end]).toEqual([0.5, 0.7]);
  });

  it('keeps the words of a segment the engine cut', () => {
    const { machine, told } = turns();
    machine.hear({ type: 'final', audioMs: 9_000, words: words('well you see'), end: 'length' }, 9_000);
    machine.hear({ type: 'final', audioMs: 9_900, words: words('never mind'), end: 'pause' }, 9_900);
    expect(told.at(-1)).toBe('EndOfTurn | Well you see never mind. | model');
  });

  it('ends by timeout when the model alone would wait longer', () => {
    const { machine, told } = turns(`${BASE}&eot_threshold=0.99&eot_timeout_ms=500`);
    machine.hear({ type: 'final', audioMs: 900, words: words('hello'), end: 'pause' }, 900);
    expect(told.at(-1)).toBe('EndOfTurn | Hello. | timeout');
  });
});

describe('pausesFor', () => {
  it('waits longer for a higher threshold, at most the timeout, and never eagerly unless asked', () => {
    const at = (end: number, eager?: number) => pausesFor({ end, eager, timeoutMs: 5_000 });
    expect(at(0.7).pauseMs).toBeCloseTo(300, 0);
    expect(at(0.9).pauseMs).toBeGreaterThan(at(0.7).pauseMs ?? 0);
    expect(at(1).pauseMs).toBe(5_000);
    expect(at(0.7).eagerPauseMs).toBeUndefined();
    expect(at(0.7, 0.5).eagerPauseMs).toBeCloseTo(119, 0);
    expect(at(0.7, 0.7).eagerPauseMs).toBe(at(0.7).pauseMs);
  });
});
