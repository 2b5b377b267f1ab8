import { describe, expect, it } from 'vitest';
import { Resampler } from '../../../src/audio/resample.ts';
import { Random } from '../../support/random.ts';

/** Tones last this long, in seconds; the first and last tenth are not measured. */
const TONE_S = 0.5;

/** Rates between which a call converts, and two that share no useful divisor. */
const pairs: readonly (readonly [fromHz: number, toHz: number])[] = [
  [48_000, 16_000],
  [44_100, 16_000],
  [24_000, 8000],
  [11_025, 16_000],
  [8000, 48_000],
  [16_000, 16_000],
  [8001, 16_000],
];

describe('the stop band', () => {
  it.each([
    [48_000, 16_000],
    [44_100, 16_000],
    [24_000, 8000],
  ])(
    '%i -> %i Hz: what lies above 1.15 of the new Nyquist frequency comes out below -60 dB',
    (fromHz, toHz) => {
      const edge = (toHz / 2) * 1.15;
      for (const share of [0, 0.1, 0.25, 0.5, 0.75, 0.95]) {
        const hz = edge + share * (fromHz / 2 - edge);
        expect(gainDb(hz, fromHz, toHz), `a tone of ${Math.round(hz)} Hz`).toBeLessThan(-60);
      }
    },
  );

  it.each([
    [8000, 16_000],
    [8000, 48_000],
    [8001, 16_000],
  ])('%i -> %i Hz: the images of a tone lie below -60 dB', (fromHz, toHz) => {
    for (const hz of [300, 1000, 0.8 * (fromHz / 2)]) {
      const output = whole(new Resampler(fromHz, toHz), tone(hz, fromHz));
      const images = rms(without(hz, toHz, middle(output)));
      expect(decibels(images / rms(middle(output))), `a tone of ${hz} Hz`).toBeLessThan(-60);
    }
  });
});

describe('the pass band', () => {
  it.each(pairs)('%i -> %i Hz: up to 0.8 of the lower Nyquist frequency within 0.5 dB', (fromHz, toHz) => {
    const nyquist = Math.min(fromHz, toHz) / 2;
    for (const share of [0.01, 0.05, 0.2, 0.4, 0.6, 0.8]) {
      const gain = gainDb(share * nyquist, fromHz, toHz);
      expect(Math.abs(gain), `${share} of ${nyquist} Hz: ${gain.toFixed(2)} dB`).toBeLessThan(0.5);
    }
  });

  it('a constant stays what it is', () => {
    const output = middle(whole(new Resampler(44_100, 16_000), new Float32Array(4410).fill(0.5)));
    for (const sample of output) expect(sample).toBeCloseTo(0.5, 5);
  });
});

describe('a stream', () => {
  it.each(pairs)(
    '%i -> %i Hz: in chunks of random sizes it gives exactly what it gives whole',
    (fromHz, toHz) => {
      const input = noise(12_345, 1);
      const expected = whole(new Resampler(fromHz, toHz), input);
      for (const seed of [2, 3, 4]) {
        const resampler = new Resampler(fromHz, toHz);
        const parts: Float32Array[] = [];
        const size = seeded(seed);
        for (let at = 0; at < input.length; ) {
          const length = Math.floor(size() ** 3 * 1000);
          parts.push(resampler.process(input.slice(at, at + length)).slice());
          at += length;
        }
        expect(joined([...parts, resampler.flush()]), `seed ${seed}`).toEqual(expected);
      }
    },
  );

  it.each(pairs)('%i -> %i Hz: n samples become ceil(n * to / from)', (fromHz, toHz) => {
    for (const length of [0, 1, 2, 7, 160, 441, 12_345]) {
      const output = whole(new Resampler(fromHz, toHz), noise(length, length));
      expect(output.length).toBe(Math.ceil((length * toHz) / fromHz));
    }
  });

  it.each(pairs)('%i -> %i Hz: the output lies where the input lies', (fromHz, toHz) => {
    const input = new Float32Array(fromHz / 10);
    const at = Math.floor(input.length / 2);
    input[at] = 1;
    const output = whole(new Resampler(fromHz, toHz), input);
    const peak = output.indexOf(Math.max(...output));
    expect(Math.abs(peak / toHz - at / fromHz)).toBeLessThanOrEqual(0.5 / Math.min(fromHz, toHz));
  });

  it('flush makes it ready for a new stream', () => {
    const resampler = new Resampler(48_000, 16_000);
    const first = whole(resampler, noise(1000, 5));
    whole(resampler, noise(777, 6));
    expect(whole(resampler, noise(1000, 5))).toEqual(first);
  });

  it('does not write to its input', () => {
    const input = noise(100, 7);
    const copy = input.slice();
    whole(new Resampler(48_000, 16_000), input);
    expect(input).toEqual(copy);
  });
});

describe('rates', () => {
  it('equal ones pass the input through', () => {
    const input = noise(100, 8);
    expect(new Resampler(16_000, 16_000).process(input)).toBe(input);
  });

  it('8001 -> 16000 Hz keeps the frequency of a tone', () => {
    const output = middle(whole(new Resampler(8001, 16_000), tone(1000, 8001)));
    expect(decibels(rms(without(1000, 16_000, output)) / rms(output))).toBeLessThan(-60);
  });

  it.each([0, -8000, 16_000.5, Number.NaN, Number.POSITIVE_INFINITY])('%d is refused', (rate) => {
    const message = `sample rate: a positive integer in Hz is accepted, got ${rate}`;
    expect(() => new Resampler(rate, 16_000)).toThrow(new RangeError(message));
    expect(() => new Resampler(16_000, rate)).toThrow(new RangeError(message));
  });

  it('more pairs than are remembered work as well', () => {
    const first = whole(new Resampler(48_000, 16_000), noise(500, 9));
    for (let rate = 8000; rate < 8020; rate++) whole(new Resampler(rate, 8000), noise(10, 9));
    expect(whole(new Resampler(48_000, 16_000), noise(500, 9))).toEqual(first);
  });
});

/** How much louder or softer a tone comes out, in dB. */
function gainDb(hz: number, fromHz: number, toHz: number): number {
  const input = tone(hz, fromHz);
  const output = whole(new Resampler(fromHz, toHz), input);
  return decibels(rms(middle(output)) / rms(middle(input)));
}

function whole(resampler: Resampler, input: Float32Array): Float32Array {
  return joined([resampler.process(input).slice(), resampler.flush()]);
}

function tone(hz: number, rate: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * TONE_S) }, (_, i) =>
    Math.sin((2 * Math.PI * hz * i) / rate),
  );
}

/** What is left when the best fitting tone of `hz` is taken away. */
function without(hz: number, rate: number, samples: Float32Array): Float32Array {
  const turn = (2 * Math.PI * hz) / rate;
  let [cc, ss, cs, xc, xs] = [0, 0, 0, 0, 0];
  for (const [i, x] of samples.entries()) {
    const c = Math.cos(turn * i);
    const s = Math.sin(turn * i);
    cc += c * c;
    ss += s * s;
    cs += c * s;
    xc += x * c;
    xs += x * s;
  }
  const determinant = cc * ss - cs * cs;
  const a = (xc * ss - xs * cs) / determinant;
  const b = (xs * cc - xc * cs) / determinant;
  return samples.map((x, i) => x - a * Math.cos(turn * i) - b * Math.sin(turn * i));
}

function middle(samples: Float32Array): Float32Array {
  return samples.subarray(Math.floor(samples.length / 10), Math.ceil((samples.length * 9) / 10));
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
}

function decibels(ratio: number): number {
  return 20 * Math.log10(ratio);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

function noise(length: number, seed: number): Float32Array {
  const next = seeded(seed);
  return Float32Array.from({ length }, () => next() * 2 - 1);
}

function seeded(seed: number): () => number {
  const random = new Random(seed);
  return () => random.next();
}
