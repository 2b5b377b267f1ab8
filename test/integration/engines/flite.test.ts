import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wordSpans } from '../../../src/local/engines/flite/alignment.ts';
import { createFlite } from '../../../src/local/engines/flite/flite.ts';
import type { Speech, SynthesiserEngine } from '../../../src/local/engines/ports.ts';

let flite: SynthesiserEngine;
beforeAll(async () => {
  flite = await createFlite();
});
afterAll(() => flite.close());

const TEXTS = [
  'Hi Jordan, this is Ava, an AI assistant calling from Northwind. Did I catch you at an okay time?',
  'It is $49 a month until 3:30 pm; e-mail dr.lee@example.com or call (555) 123-4567.',
  '  Well\u2026 \u2014 caf\u00e9 \u{1f600} ok?\n',
  'A',
  'Hmm',
];

describe('speaking', () => {
  it.each(TEXTS)('times every UTF-16 unit, in order, to the end of the audio: %s', async (text) => {
    const speech = await flite.speak({ text, voice: 'slt', speed: 1 });
    expect(speech.startMs).toHaveLength(text.length);
    expect(speech.endMs).toHaveLength(text.length);
    const times = speech.startMs.flatMap((start, i) => [start, speech.endMs[i] ?? Number.NaN]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBe(0);
    expect(times.at(-1)).toBeCloseTo(durationMs(speech), 6);
  });

  it('places words where they sound', async () => {
    const text = 'Hello, I said stop.';
    const speech = await flite.speak({ text, voice: 'slt', speed: 1 });
    const comma = text.indexOf(',');
    const pause = [speech.startMs[comma] ?? 0, speech.endMs[comma + 1] ?? 0] as const;
    const word = [speech.startMs[0] ?? 0, speech.endMs[comma - 1] ?? 0] as const;
    expect(pause[1] - pause[0]).toBeGreaterThan(60);
    expect(loudness(speech, pause)).toBeLessThan(loudness(speech, word) / 8);
  });

  it('opens without a long silence', async () => {
    const speech = await flite.speak({ text: 'Okay.', voice: 'slt', speed: 1 });
    expect(loudness(speech, [0, 120])).toBeGreaterThan(200);
  });

  it('speaks faster and slower', async () => {
    const [slow, plain, fast] = await Promise.all(
      [0.7, 1, 1.2].map((speed) => flite.speak({ text: TEXTS[0] ?? '', voice: 'rms', speed })),
    );
    const length = (speech: Speech | undefined): number => (speech === undefined ? 0 : durationMs(speech));
    expect(length(slow) / length(plain)).toBeCloseTo(1 / 0.7, 1);
    expect(length(fast) / length(plain)).toBeCloseTo(1 / 1.2, 1);
  });

  it('answers text without sound with a short silence', async () => {
    for (const text of ['', '?!', '\u65e5\u672c']) {
      const speech = await flite.speak({ text, voice: 'slt', speed: 1 });
      expect(speech.samples.some((sample) => sample !== 0)).toBe(false);
      expect(durationMs(speech)).toBe(50);
      expect(speech.endMs).toHaveLength(text.length);
    }
  });

  it('has every voice it names, at 16 kHz', async () => {
    for (const { id } of flite.voices) {
      const speech = await flite.speak({ text: 'Good morning.', voice: id, speed: 1 });
      expect(speech.sampleRate).toBe(16_000);
      expect(durationMs(speech)).toBeGreaterThan(400);
    }
  });

  it('names what is wrong with a request', async () => {
    await expect(flite.speak({ text: 'Hi', voice: 'nobody', speed: 1 })).rejects.toThrow(
      /voice: one of slt.*"nobody"/,
    );
    await expect(flite.speak({ text: 'Hi', voice: 'slt', speed: 3 })).rejects.toThrow(
      /speed: 0.7 to 1.2.*got 3/,
    );
  });

  it('rejects what is asked during and after its end', async () => {
    const short = await createFlite();
    const asked = short.speak({ text: TEXTS[0] ?? '', voice: 'slt', speed: 1 });
    const rejected = expect(asked).rejects.toThrow(/closed/);
    await short.close();
    await rejected;
    await expect(short.speak({ text: 'Hi', voice: 'slt', speed: 1 })).rejects.toThrow(/closed/);
  });
});

describe('finding words among sounds', () => {
  it('bears with sounds that are missing, added or changed', () => {
    const phones = [
      { name: 'pau', endS: 0.1 },
      { name: 'ae', endS: 0.2 },
      { name: 'x', endS: 0.3 },
      { name: 'pau', endS: 0.5 },
      { name: 'b', endS: 0.6 },
    ];
    const spans = wordSpans([['ah', 'x'], ['z'], ['b', 'c']], phones);
    expect(spans[0]).toEqual({ startS: 0.1, endS: 0.3 });
    expect(spans[1]?.startS).toBe(spans[1]?.endS);
    expect(spans[2]).toEqual({ startS: 0.5, endS: 0.6 });
  });
});

function durationMs({ samples, sampleRate }: Speech): number {
  return (samples.length / sampleRate) * 1000;
}

/** Mean absolute sample between two times. */
function loudness({ samples, sampleRate }: Speech, [fromMs, toMs]: readonly [number, number]): number {
  const part = samples.subarray((fromMs * sampleRate) / 1000, (toMs * sampleRate) / 1000);
  return part.reduce((sum, sample) => sum + Math.abs(sample), 0) / part.length;
}
