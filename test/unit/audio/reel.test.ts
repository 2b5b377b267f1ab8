import { describe, expect, it } from 'vitest';
import { AudioReel, BLOCK_BYTES } from '../../../src/audio/reel.ts';
import { Random } from '../../support/random.ts';

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function joined(reel: AudioReel): readonly number[] {
  return reel.pieces.flatMap((piece) => [...piece]);
}

describe('an audio reel', () => {
  it('gives back what it was given, in order, without keeping the arrays it came in', () => {
    const reel = new AudioReel(100);
    const chunk = bytes(1, 2, 3, 4);
    expect(reel.push(chunk)).toBe(0);
    chunk.fill(0);
    reel.push(bytes(5, 6));
    expect(reel.heldBytes).toBe(6);
    expect(joined(reel)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('drops the oldest bytes when it is over its capacity, and says how many', () => {
    const reel = new AudioReel(6);
    expect(reel.push(bytes(1, 2, 3, 4))).toBe(0);
    expect(reel.push(bytes(5, 6))).toBe(0);
    expect(reel.push(bytes(7, 8))).toBe(2);
    expect(joined(reel)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(reel.push(new Uint8Array(9).fill(9))).toBe(9);
    expect(joined(reel)).toEqual([9, 9, 9, 9, 9, 9]);
  });

  it('keeps the newest bytes it is told to, and is empty after a trim to 0', () => {
    const reel = new AudioReel(100);
    reel.push(bytes(1, 2, 3, 4));
    expect(reel.trim(5)).toBe(0);
    expect(reel.trim(3)).toBe(1);
    expect(joined(reel)).toEqual([2, 3, 4]);
    expect(reel.trim(0)).toBe(3);
    expect(reel.pieces).toEqual([]);
    reel.push(bytes(5));
    expect(joined(reel)).toEqual([5]);
  });

  it('holds no more blocks than its audio takes', () => {
    const reel = new AudioReel(10 * BLOCK_BYTES);
    reel.push(new Uint8Array(3 * BLOCK_BYTES));
    expect(reel.pieces.map(({ byteLength }) => byteLength)).toEqual(Array(3).fill(BLOCK_BYTES));
    reel.trim(BLOCK_BYTES + 2);
    expect(reel.pieces.map(({ byteLength }) => byteLength)).toEqual([2, BLOCK_BYTES]);
    reel.trim(BLOCK_BYTES);
    expect(reel.pieces.map(({ byteLength }) => byteLength)).toEqual([BLOCK_BYTES]);
  });

  it('does not write on pieces it gave out', () => {
    const reel = new AudioReel(4);
    reel.push(bytes(1, 2, 3));
    const [piece] = reel.pieces;
    reel.trim(0);
    reel.push(bytes(4, 5, 6));
    reel.push(bytes(7, 8, 9));
    expect(piece).toEqual(bytes(1, 2, 3));
  });

  it('holds what a plain list would, whatever is pushed and trimmed', () => {
    const random = new Random(25);
    const capacity = 3 * BLOCK_BYTES + 7;
    const reel = new AudioReel(capacity);
    let list: readonly number[] = [];
    for (let i = 0; i < 300; i++) {
      if (random.below(4) === 0) {
        const keep = random.below(capacity + BLOCK_BYTES);
        reel.trim(keep);
        list = keep === 0 ? [] : list.slice(-keep);
      } else {
        const chunk = Uint8Array.from({ length: random.below(BLOCK_BYTES + 9) }, () => random.below(256));
        reel.push(chunk);
        list = [...list, ...chunk].slice(-capacity);
      }
      expect(reel.heldBytes).toBe(list.length);
    }
    expect(Buffer.from(joined(reel)).equals(Buffer.from(list))).toBe(true);
  });
});
