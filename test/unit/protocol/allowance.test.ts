import { describe, expect, it } from 'vitest';
import { Allowance } from '../../../src/protocol/allowance.ts';

describe('an allowance', () => {
  it('lets its whole reserve be used at once, and no more', () => {
    const allowance = new Allowance(10, 2);
    expect(allowance.take(20, 1000)).toBe(true);
    expect(allowance.take(1, 1000)).toBe(false);
  });

  it('fills with time, up to the reserve', () => {
    const allowance = new Allowance(10, 2);
    allowance.take(20, 0);
    expect(allowance.take(1, 99)).toBe(false);
    expect(allowance.take(1, 100)).toBe(true);
    expect(allowance.take(20, 1_000_000)).toBe(true);
    expect(allowance.take(1, 1_000_000)).toBe(false);
  });

  it('does not use up what it refuses, and takes a clock that runs backwards for one that stands still', () => {
    const allowance = new Allowance(10, 1);
    expect(allowance.take(11, 0)).toBe(false);
    expect(allowance.take(10, -5000)).toBe(true);
    expect(allowance.take(1, -5000)).toBe(false);
  });
});
