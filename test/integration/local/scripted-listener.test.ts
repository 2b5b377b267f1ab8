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

  it('with silenceMs ends where the audio has been silent so long, however late it comes', () => {
    const { listener, told } = listen({ silenceMs: 200, interimEveryFrames: 100 });
    listener.write(loud);
    vi.advanceTimersByTime(60_000);
    for (const frame of [loud, quiet, loud, quiet, quiet, quiet]) listener.write(frame);
    expect(told).toEqual([
      [0, 'speech'],
      [60_000, 'final One two three four.'],
    ]);
  });

  it('ends eagerly eagerLeadMs before the final, and again after speech went on', () => {
    const { listener, told } = listen({ finalDelayMs: 400, eagerLeadMs: 370, interimEveryFrames: 100 }, 150);
    write(listener, loud, 2);
    write(listener, loud, 1);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([
      [0, 'speech'],
      [30, 'interim One two three four.'],
      [30, 'eager'],
      [100, 'resumed'],
      [130, 'interim One two three four.'],
      [130, 'eager'],
      [200, 'resumed'],
      [230, 'interim One two three four.'],
      [230, 'eager'],
      [600, 'final One two three four.'],
    ]);
  });

  it('tells a pause only if the script says so where no eager end is asked for: by an interim of all words', () => {
    const silent = listen({ finalDelayMs: 400, interimEveryFrames: 100 });
    write(silent.listener, loud, 1);
    vi.advanceTimersByTime(1_000);
    expect(silent.told.map(([, news]) => news)).toEqual(['speech', 'final One two three four.']);
    const { listener, told } = listen({ finalDelayMs: 400, eagerLeadMs: 150, interimEveryFrames: 100 });
    write(listener, loud, 1);
    write(listener, quiet, 2);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([
      [0, 'speech'],
      [250, 'interim One two three four.'],
      [400, 'final One two three four.'],
    ]);
  });

  it('tells no pause with eagerLeadMs 0, and 100 ms before the final where it is left out and asked for', () => {
    const never = listen({ finalDelayMs: 400, eagerLeadMs: 0, interimEveryFrames: 100 }, 150);
    const unsaid = listen({ finalDelayMs: 400, interimEveryFrames: 100 }, 150);
    for (const { listener } of [never, unsaid]) listener.write(loud);
    vi.advanceTimersByTime(1_000);
    expect(never.told.map(([, news]) => news)).not.toContain('eager');
    expect(unsaid.told).toContainEqual([300, 'eager']);
  });

  it('has only the words before the pause in a pause, and the others when speech has gone on', () => {
    const utterances = [{ text: 'One two three four.', wordsBeforePause: 2 }];
    const { listener, told } = listen({ utterances, finalDelayMs: 400, eagerLeadMs: 250, wordMs: 50 }, 150);
    write(listener, loud, 3);
    write(listener, quiet, 2);
    write(listener, loud, 3);
    vi.advanceTimersByTime(1_000);
    expect(told.map(([, news]) => news)).toEqual([
      'speech',
      'interim One two',
      'interim One two',
      'eager',
      'resumed',
      'interim One two three four.',
      'interim One two three four.',
      'eager',
      'final One two three four.',
    ]);
  });

  it('shows no gap behind the words while the caller speaks, and does not repeat them', () => {
    const heard: Heard[] = [];
    const stage = new Stage();
    stage.script = { recogniser: { utterances: [{ text: 'One two' }], interimEveryFrames: 1 } };
    const options = { keyterms: [], pauseMs: 300, eagerPauseMs: undefined };
    const listener = new ScriptedListener(
      () => stage.script,
      stage.lines(),
      options,
      (news) => void heard.push(news),
    );
    write(listener, loud, 9);
    const interims = heard.flatMap((news) => (news.type === 'interim' ? [news] : []));
    expect(interims.map(({ words }) => words.length)).toEqual([1, 2]);
    for (const { audioMs, words } of interims) expect(words.at(-1)?.endMs).toBe(audioMs);
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
