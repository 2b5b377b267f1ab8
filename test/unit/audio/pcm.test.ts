import { describe, expect, it } from 'vitest';
import {
  bytesFromInt16,
  durationMs,
  floatFromInt16,
  int16FromBytes,
  int16FromFloat,
} from '../../../src/audio/pcm.ts';

const samples = Int16Array.of(0, 1, -1, 32_767, -32_768);

describe('bytes and samples', () => {
  it('little-endian', () => {
    expect(int16FromBytes(Uint8Array.of(0x01, 0x02, 0xff, 0xff))).toEqual(Int16Array.of(0x0201, -1));
    expect(bytesFromInt16(Int16Array.of(0x0201, -1))).toEqual(Uint8Array.of(0x01, 0x02, 0xff, 0xff));
  });

  it('aligned bytes are viewed, not copied', () => {
    const bytes = new Uint8Array(8);
    const view = int16FromBytes(bytes.subarray(2, 6));
    expect(view.buffer).toBe(bytes.buffer);
    expect([view.byteOffset, view.length]).toEqual([2, 2]);
  });

  it('bytes at an odd place are copied', () => {
    const bytes = Uint8Array.of(9, ...bytesFromInt16(samples));
    expect(int16FromBytes(bytes.subarray(1))).toEqual(samples);
  });

  it('bytes at an odd place of a pooled Buffer are copied too', () => {
    const pool = Buffer.alloc(32);
    pool.set(bytesFromInt16(samples), 3);
    expect(int16FromBytes(pool.subarray(3, 13))).toEqual(samples);
  });

  it('a trailing odd byte is dropped', () => {
    expect(int16FromBytes(Uint8Array.of(1, 0, 9))).toEqual(Int16Array.of(1));
    expect(int16FromBytes(Uint8Array.of(9, 1, 0, 9).subarray(1))).toEqual(Int16Array.of(1));
    expect(int16FromBytes(new Uint8Array(0))).toEqual(new Int16Array(0));
  });

  it('the bytes of a part of a recording are those of the part', () => {
    expect(bytesFromInt16(samples.subarray(1, 2))).toEqual(Uint8Array.of(1, 0));
  });
});

describe('floats', () => {
  it('16 bits scale to -1..1 and back without loss', () => {
    const floats = floatFromInt16(samples);
    expect([...floats]).toEqual([0, 1 / 32_768, -1 / 32_768, 32_767 / 32_768, -1]);
    expect(int16FromFloat(floats)).toEqual(samples);
  });

  it('are rounded, and clipped where they are too loud', () => {
    const floats = Float32Array.of(0.4 / 32_768, 0.6 / 32_768, 1, 1.5, -1.5);
    expect(int16FromFloat(floats)).toEqual(Int16Array.of(0, 1, 32_767, 32_767, -32_768));
  });
});

it('a duration in ms', () => {
  expect(durationMs(640, 16_000)).toBe(20);
  expect(durationMs(88_200, 44_100)).toBe(1000);
  expect(durationMs(0, 8000)).toBe(0);
});
