import { describe, expect, it } from 'vitest';
import { AudioRing } from '../../../src/client/audio-ring.ts';

const chunk = (value: number, length = 4) => new Uint8Array(length).fill(value);

describe('an audio ring', () => {
  it('gives back what it was given, in order, and is empty afterwards', () => {
    const ring = new AudioRing(100);
    const chunks = [chunk(1), chunk(2), chunk(3)];
    for (const each of chunks) expect(ring.push(each)).toBe(0);
    expect(ring.heldBytes).toBe(12);
    const drained = ring.drain();
    expect(drained).toHaveLength(3);
    for (const [i, each] of drained.entries()) expect(each).toBe(chunks[i]);
    expect(ring.heldBytes).toBe(0);
    expect(ring.drain()).toEqual([]);
  });

  it('drops whole chunks from the old end when it is full, and says how much', () => {
    const ring = new AudioRing(10);
    ring.push(chunk(1));
    ring.push(chunk(2));
    expect(ring.push(chunk(3))).toBe(4);
    expect(ring.heldBytes).toBe(8);
    expect(ring.push(chunk(4, 9))).toBe(8);
    expect(ring.drain()).toEqual([chunk(4, 9)]);
  });

  it('is full at its capacity, not before', () => {
    const ring = new AudioRing(8);
    ring.push(chunk(1));
    expect(ring.push(chunk(2))).toBe(0);
    expect(ring.push(chunk(3, 2))).toBe(4);
  });

  it('keeps the newest chunk even when it alone is too large', () => {
    const ring = new AudioRing(2);
    ring.push(chunk(1, 2));
    expect(ring.push(chunk(2))).toBe(2);
    expect(ring.drain()).toEqual([chunk(2)]);
  });

  it('counts on after it was drained', () => {
    const ring = new AudioRing(8);
    ring.push(chunk(1, 8));
    ring.drain();
    expect(ring.push(chunk(2, 8))).toBe(0);
    expect(ring.push(chunk(3, 8))).toBe(8);
  });
});
