import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedListener } from '../../../src/local/script/listener.ts';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { Stage } from '../../../src/local/script/stage.ts';
import type { Heard } from '../../../src/local/sources.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const loud = new Int16Array(1_600).fill(3_000);
const quiet = new Int16Array(1_600);

/** A listener on a virtual clock; `told` has what it reported and when, activity left out. */
function listen(recogniser: NonNullable<ScriptInput['recogniser']>, eagerPauseMs?: number) {
  const stage = new Stage();
  stage.script = { recogniser: { utterances: [{ text: 'One two three four.' }], ...recogniser } };
  const told: [number, string][] = [];
  const startedAt = performance.now();
  const options = { keyterms: [], pauseMs: 300, eagerPauseMs };
  const report = (heard: Heard) => {
    if (heard.type === 'activity') return;
    const words = 'words' in heard ? ` ${heard.words.map((word) => word.written).join(' ')}` : '';
    told.push([Math.round(performance.now() - startedAt), heard.type + words]);
  };
  const listener = new ScriptedListener(() => stage.script, stage.lines(), options, report);
  return { listener, told };
}

/** Writes frames of 100 ms in real time. */
function write(listener: ScriptedListener, samples: Int16Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    listener.write(samples);
    vi.advanceTimersByTime(100);
  }
}

describe('ScriptedListener', () => {
  it('sends the final exactly finalDelayMs after the last frame of speech, without further audio', () => {
    const { listener, told } = listen({ finalDelayMs: 250 });
    write(listener, quiet, 2);
    write(listener, loud, 6);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([
      [200, 'speech'],
      [400, 'interim One'],
      [700, 'interim One two'],
      [950, 'final One two three four.'],
    ]);
  });

  it('is one burst while the pauses are shorter than the delay', () => {
    const { listener, told } = listen({ finalDelayMs: 250, interimEveryFrames: 100 });
    write(listener, loud, 3);
    write(listener, quiet, 1);
    write(listener, loud, 1);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([
      [0, 'speech'],
      [650, 'final One two three four.'],
    ]);
  });

  it('ends eagerly eagerLeadMs before the final, and again after speech went on', () => {
    const { listener, told } = listen({ finalDelayMs: 400, eagerLeadMs: 370, interimEveryFrames: 100 }, 150);
    write(listener, loud, 2);
    write(listener, loud, 1);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([
      [0, 'speech'],
      [30, 'eager'],
      [100, 'resumed'],
      [130, 'eager'],
      [200, 'resumed'],
      [230, 'eager'],
      [600, 'final One two three four.'],
    ]);
  });

  it('finishes after finishDelayMs, with or without speech, and then begins anew', () => {
    const { listener, told } = listen({ finalDelayMs: 5_000, finishDelayMs: 30, interimEveryFrames: 100 });
    write(listener, loud, 1);
    listener.finish();
    vi.advanceTimersByTime(100);
    listener.finish();
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([
      [0, 'speech'],
      [130, 'final One two three four.'],
      [230, 'final '],
    ]);
  });

  it('leaves no timer behind when it is closed', () => {
    const { listener, told } = listen({ interimEveryFrames: 100 });
    write(listener, loud, 1);
    listener.finish();
    listener.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(told).toEqual([[0, 'speech']]);
  });
});
