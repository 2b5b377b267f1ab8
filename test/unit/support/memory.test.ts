import { describe, expect, it } from 'vitest';
import { slopeOf } from '../../soak/memory.ts';

/** Readings every 5 s for `seconds`. */
function readings(seconds: number, kib: (minute: number) => number) {
  return Array.from({ length: seconds / 5 + 1 }, (_, i) => ({ atMs: i * 5000, kib: kib(i / 12) }));
}

describe('the slope of memory', () => {
  it('is the rise of a straight line, in KiB a minute, wherever it begins', () => {
    expect(slopeOf(readings(180, (minute) => 250_000 + 4096 * minute))).toBeCloseTo(4096);
  });

  it('is nothing for a saw tooth', () => {
    const saw = (minute: number) => 250_000 + (Math.round(minute * 12) % 6) * 10_000;
    expect(Math.abs(slopeOf(readings(595, saw)) ?? Number.NaN)).toBeLessThan(1000);
  });

  it('is not told of less than a minute', () => {
    expect(slopeOf(readings(55, (minute) => minute))).toBeUndefined();
    expect(slopeOf([])).toBeUndefined();
  });
});
