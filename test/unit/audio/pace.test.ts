import { describe, expect, it } from 'vitest';
import { BURST_MS, backlogAfter, Pace } from '../../../src/audio/pace.ts';

describe('a pace', () => {
  it('lets a burst go, then a multiple of real time', () => {
    const pace = new Pace(1.25);
    expect(pace.admits(BURST_MS, 1000)).toBe(true);
    expect(pace.admits(100, 1000)).toBe(false);
    expect(pace.readyAt(100)).toBe(1080);
    expect(pace.admits(100, 1079)).toBe(false);
    expect(pace.admits(100, 1080)).toBe(true);
    expect(pace.admits(1, 1080)).toBe(false);
  });

  it('allows no more than one burst after any rest', () => {
    const pace = new Pace(2);
    expect(pace.admits(BURST_MS, 0)).toBe(true);
    expect(pace.admits(BURST_MS, 60_000)).toBe(true);
    expect(pace.admits(1, 60_000)).toBe(false);
  });

  it('is slower afterwards by what was forced', () => {
    const pace = new Pace(2);
    pace.admits(BURST_MS, 0);
    pace.force(200);
    expect(pace.readyAt(100)).toBe(150);
  });

  it.each([1.05, 1.1, 1.25, 3.3, 7])('never says a time at which it then refuses (%f)', (speed) => {
    const pace = new Pace(speed);
    let now = 0;
    pace.admits(BURST_MS, now);
    for (let i = 1; i < 300; i++) {
      const audioMs = (i * 7.3) % 250;
      now = Math.max(now, pace.readyAt(audioMs));
      expect(pace.admits(audioMs, now)).toBe(true);
    }
  });

  it('tells what is left of a backlog while new audio comes', () => {
    expect(backlogAfter(BURST_MS, 1.25, 0)).toBe(0);
    expect(backlogAfter(5000, 1.25, 0)).toBe(3000);
    expect(backlogAfter(5000, 1.25, 4000)).toBe(2000);
    expect(backlogAfter(5000, 1.25, 60_000)).toBe(0);
  });
});
