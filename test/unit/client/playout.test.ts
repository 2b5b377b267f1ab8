import { describe, expect, it } from 'vitest';
import { Playout, type PlayoutNews } from '../../../src/client/playout.ts';

const RATE = 16_000;
const QUANTUM = 128;
const FRAMES_PER_MS = RATE / 1000;
/** 10 ms. */
const FADE = 160;

describe('the playout of an utterance', () => {
  it('renders exactly the samples it was given, in order, after its buffer has filled', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 79));
    expect(speaker.render(8)).toEqual(silence(8));
    speaker.audio('u1', ramp(79, 21));
    expect(speaker.render(88)).toEqual(ramp(0, 88));
  });

  it('does not wait for its buffer when the utterance is complete', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 20));
    speaker.order('complete', 'u1');
    expect(speaker.render(24)).toEqual([...ramp(0, 20), ...silence(4)]);
  });

  it('reports every 200 ms of its own audio, and once, exactly, when it ends', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 500));
    speaker.order('complete', 'u1');
    speaker.render(800);
    expect(speaker.news).toEqual([
      { utteranceId: 'u1', renderedMs: expect.closeTo(200, -1), phase: 'playing' },
      { utteranceId: 'u1', renderedMs: expect.closeTo(400, -1), phase: 'playing' },
      { utteranceId: 'u1', renderedMs: 500, phase: 'ended' },
    ]);
  });

  it('says that an utterance without any audio has ended', () => {
    const speaker = player();
    speaker.order('start', 'u1');
    speaker.order('complete', 'u1');
    speaker.render(8);
    expect(speaker.news).toEqual([{ utteranceId: 'u1', renderedMs: 0, phase: 'ended' }]);
  });

  it('waits for more before it goes on when the audio has run dry, and loses none of it', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 80));
    expect(speaker.render(88)).toEqual([...ramp(0, 80), ...silence(8)]);
    speaker.audio('u1', ramp(80, 192));
    expect(speaker.render(8)).toEqual(silence(8));
    speaker.audio('u1', ramp(272, 8));
    expect(speaker.render(200)).toEqual(ramp(80, 200));
  });

  it('says at once how much was rendered when the audio has run dry', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 120));
    speaker.render(400);
    expect(speaker.news).toEqual([{ utteranceId: 'u1', renderedMs: 120, phase: 'dry' }]);
  });
});

describe('an interruption', () => {
  it('fades to silence within 10 ms and drops the rest', () => {
    const speaker = player();
    speaker.audio('u1', constant(1000));
    speaker.render(104);
    speaker.order('interrupt', 'u1');
    const after = speaker.render(104);
    const fade = after.slice(0, FADE);
    expect(fade[0]).toBeGreaterThan(0.45);
    expect(fade.every((sample, i) => i === 0 || sample < (fade[i - 1] ?? 0))).toBe(true);
    expect(after.slice(FADE - 1)).toEqual(silence(94).concat(Array(1).fill(0)));
  });

  it('reports what was rendered before it, and nothing afterwards', () => {
    const speaker = player();
    speaker.audio('u1', constant(1000));
    speaker.render(104);
    speaker.order('interrupt', 'u1');
    speaker.order('complete', 'u1');
    speaker.render(400);
    expect(speaker.news).toEqual([{ utteranceId: 'u1', renderedMs: 104, phase: 'interrupted' }]);
  });

  it('makes late audio of the utterance inaudible', () => {
    const speaker = player();
    speaker.audio('u1', constant(1000));
    speaker.render(104);
    speaker.order('interrupt', 'u1');
    speaker.render(16);
    speaker.audio('u1', constant(400));
    speaker.order('start', 'u1');
    expect(speaker.render(400)).toEqual(silence(400));
  });

  it('that comes before the first audio keeps the utterance silent', () => {
    const speaker = player();
    speaker.order('interrupt', 'u1');
    speaker.audio('u1', constant(400));
    expect(speaker.render(400)).toEqual(silence(400));
    expect(speaker.news).toEqual([]);
  });

  it('of another utterance changes nothing', () => {
    const speaker = player();
    speaker.audio('u2', ramp(0, 200));
    speaker.render(40);
    speaker.order('interrupt', 'u1');
    expect(speaker.render(40)).toEqual(ramp(40, 40));
  });

  it('after the utterance has played out is no news', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 40));
    speaker.order('complete', 'u1');
    speaker.render(80);
    speaker.order('interrupt', 'u1');
    expect(speaker.news.map(({ phase }) => phase)).toEqual(['ended']);
  });

  it('does not eat into the next utterance', () => {
    const speaker = player();
    speaker.audio('u1', constant(1000));
    speaker.render(104);
    speaker.order('interrupt', 'u1');
    speaker.audio('u2', ramp(0, 200));
    speaker.order('complete', 'u2');
    speaker.render(16);
    expect(speaker.render(184)).toEqual(ramp(16, 184));
  });
});

describe('a new utterance', () => {
  it('replaces the one that plays', () => {
    const speaker = player();
    speaker.audio('u1', constant(1000));
    speaker.render(104);
    speaker.order('start', 'u2');
    speaker.audio('u1', constant(1000));
    speaker.render(16);
    expect(speaker.render(200)).toEqual(silence(200));
    expect(speaker.news).toEqual([{ utteranceId: 'u1', renderedMs: 104, phase: 'interrupted' }]);
  });
});

describe('a pause', () => {
  it('is silent after a fade, and the resumed utterance goes on with the very next sample', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 600));
    speaker.render(104);
    speaker.order('pause', 'u1');
    speaker.render(16);
    expect(speaker.render(304)).toEqual(silence(304));
    speaker.order('resume', 'u1');
    const resumed = speaker.render(200);
    expect(resumed.slice(FADE)).toEqual(ramp(104, 200).slice(FADE));
    expect(resumed[FADE / 2]).toBeCloseTo((ramp(104, 200)[FADE / 2] ?? 0) / 2, 2);
  });

  it('keeps what arrives meanwhile, and plays all of it', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 200));
    speaker.render(104);
    speaker.order('pause', 'u1');
    speaker.audio('u1', ramp(200, 300));
    speaker.order('complete', 'u1');
    speaker.render(1000);
    speaker.order('resume', 'u1');
    speaker.render(1000);
    expect(speaker.news.at(-1)).toEqual({ utteranceId: 'u1', renderedMs: 500, phase: 'ended' });
  });

  it('is reported once, with what was rendered', () => {
    const speaker = player();
    speaker.audio('u1', constant(600));
    speaker.render(104);
    speaker.order('pause', 'u1');
    speaker.order('pause', 'u1');
    speaker.render(600);
    expect(speaker.news).toEqual([{ utteranceId: 'u1', renderedMs: 104, phase: 'paused' }]);
  });

  it('can be turned into an interruption', () => {
    const speaker = player();
    speaker.audio('u1', constant(600));
    speaker.render(104);
    speaker.order('pause', 'u1');
    speaker.render(16);
    speaker.order('interrupt', 'u1');
    speaker.order('resume', 'u1');
    expect(speaker.render(104)).toEqual(silence(104));
    expect(speaker.news.at(-1)).toEqual({ utteranceId: 'u1', renderedMs: 104, phase: 'interrupted' });
  });

  it('that ends is reported at once, and the reports go on', () => {
    const speaker = player();
    speaker.audio('u1', constant(600));
    speaker.render(304);
    speaker.order('pause', 'u1');
    speaker.render(304);
    speaker.order('resume', 'u1');
    speaker.order('resume', 'u1');
    expect(speaker.news.slice(1)).toEqual([
      { utteranceId: 'u1', renderedMs: 304, phase: 'paused' },
      { utteranceId: 'u1', renderedMs: 304, phase: 'playing' },
    ]);
    speaker.render(104);
    expect(speaker.news.at(-1)).toMatchObject({ renderedMs: expect.closeTo(400, -1), phase: 'playing' });
  });

  it('of an utterance that has arrived whole plays to its end after the resume', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 400));
    speaker.order('complete', 'u1');
    speaker.render(104);
    speaker.order('pause', 'u1');
    speaker.render(2000);
    speaker.order('resume', 'u1');
    expect(speaker.render(304).slice(FADE)).toEqual([...ramp(104, 296), ...silence(8)].slice(FADE));
    expect(speaker.news.at(-1)).toEqual({ utteranceId: 'u1', renderedMs: 400, phase: 'ended' });
  });

  it('that nothing follows ends by itself after 3 s, with the very next sample', () => {
    const speaker = player();
    speaker.audio('u1', ramp(0, 600));
    speaker.render(104);
    speaker.order('pause', 'u1');
    speaker.render(16);
    expect(speaker.render(2984)).toEqual(silence(2984));
    expect(speaker.news.at(-1)).toEqual({ utteranceId: 'u1', renderedMs: 104, phase: 'playing' });
    expect(speaker.render(200).slice(FADE)).toEqual(ramp(104, 200).slice(FADE));
  });

  it('may last 3 s each time', () => {
    const speaker = player();
    speaker.audio('u1', constant(600));
    speaker.render(104);
    for (let i = 0; i < 3; i++) {
      speaker.order('pause', 'u1');
      speaker.render(2992);
      expect(speaker.news.at(-1)).toMatchObject({ phase: 'paused' });
      speaker.order('resume', 'u1');
    }
  });

  it('of another utterance changes nothing', () => {
    const speaker = player();
    speaker.audio('u2', ramp(0, 200));
    speaker.render(40);
    speaker.order('pause', 'u1');
    expect(speaker.render(40)).toEqual(ramp(40, 40));
  });

  it('does not hold back the utterance that replaces the paused one', () => {
    const speaker = player();
    speaker.audio('u1', constant(600));
    speaker.render(104);
    speaker.order('pause', 'u1');
    speaker.render(16);
    speaker.audio('u2', ramp(0, 200));
    expect(speaker.render(104)).toEqual(ramp(0, 104));
  });

  it('of an utterance that has not begun holds it back', () => {
    const speaker = player();
    speaker.order('start', 'u1');
    speaker.order('pause', 'u1');
    speaker.audio('u1', ramp(0, 200));
    expect(speaker.render(104)).toEqual(silence(104));
    speaker.order('resume', 'u1');
    expect(speaker.render(200)).toEqual(ramp(0, 200));
  });
});

function player() {
  const news: PlayoutNews[] = [];
  const playout = new Playout({ sampleRate: RATE }, (piece) => news.push(piece));
  return {
    news,
    order: (order: 'start' | 'complete' | 'interrupt' | 'pause' | 'resume', utteranceId: string) =>
      playout.obey({ order, utteranceId }),
    audio: (utteranceId: string, samples: number[]) =>
      playout.obey({ order: 'audio', utteranceId, samples: Float32Array.from(samples) }),
    /** The next so many ms, a multiple of 8, rendered in whole quanta as a browser does. */
    render: (ms: number): number[] => {
      const quanta = (ms * FRAMES_PER_MS) / QUANTUM;
      if (!Number.isInteger(quanta)) throw new Error(`render: a multiple of 8 ms is accepted, got ${ms}`);
      return Array.from({ length: quanta }, () => {
        const quantum = new Float32Array(QUANTUM).fill(9);
        playout.render(quantum);
        return [...quantum];
      }).flat();
    },
  };
}

/** Samples that are different everywhere, exact as 32-bit floats; `startMs` and `ms` of an endless ramp. */
function ramp(startMs: number, ms: number): number[] {
  const first = startMs * FRAMES_PER_MS;
  return Array.from({ length: ms * FRAMES_PER_MS }, (_, i) => (first + i + 1) / 2 ** 15);
}

function constant(ms: number): number[] {
  return Array(ms * FRAMES_PER_MS).fill(0.5);
}

function silence(ms: number): number[] {
  return Array(ms * FRAMES_PER_MS).fill(0);
}
