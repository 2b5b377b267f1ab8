import { describe, expect, it } from 'vitest';
import { decodeG711, encodeG711 } from '../../../src/local/g711.ts';

describe.each(['mulaw', 'alaw'] as const)('G.711 %s', (coding) => {
  it('codes every byte back to itself', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const back = encodeG711(decodeG711(bytes, coding), coding);
    // µ-law has two zeros, and a sample has only one.
    const expected = coding === 'mulaw' ? bytes.map((byte) => (byte === 0x7f ? 0xff : byte)) : bytes;
    expect(back).toEqual(expected);
  });

  it('keeps every sample within the step of its loudness', () => {
    for (let sample = -32_768; sample <= 32_767; sample += 17) {
      const [decoded = 0] = decodeG711(encodeG711(Int16Array.of(sample), coding), coding);
      expect(Math.abs(decoded - sample)).toBeLessThanOrEqual(Math.max(16, Math.abs(sample) / 16));
    }
  });
});

// The tables of ITU-T G.711: silence and the loudest values.
it('knows the code words of the standard', () => {
  expect([...encodeG711(Int16Array.of(0, 32_767, -32_768), 'mulaw')]).toEqual([0xff, 0x80, 0x00]);
  expect([...encodeG711(Int16Array.of(0, 32_767, -32_768), 'alaw')]).toEqual([0xd5, 0xaa, 0x2a]);
  expect([...decodeG711(Uint8Array.of(0x80, 0x00), 'mulaw')]).toEqual([32_124, -32_124]);
});
