import { describe, expect, it } from 'vitest';
import { bytesFromInt16 } from '../../../src/audio/pcm.ts';
import { AudioInput, type AudioShape, Undecodable } from '../../../src/local/deepgram/input.ts';

const MONO: AudioShape = { encoding: 'linear16', sampleRate: 16_000, channels: 1 };
const ramp = Int16Array.from({ length: 1_000 }, (_, i) => i * 31 - 15_000);

function inPieces(input: AudioInput, bytes: Uint8Array, length: number): number[] {
  const samples: number[] = [];
  for (let at = 0; at < bytes.byteLength; at += length)
    samples.push(...input.write(bytes.subarray(at, at + length)));
  return samples;
}

describe('AudioInput', () => {
  it.each([1, 3, 777])('carries a sample that is split between frames of %i bytes', (length) => {
    const input = new AudioInput(MONO);
    expect(inPieces(input, bytesFromInt16(ramp), length)).toEqual([...ramp]);
    expect(input.ms).toBe(62.5);
  });

  it('mixes channels into one', () => {
    const input = new AudioInput({ ...MONO, channels: 2 });
    const stereo = Int16Array.of(100, 300, -500, -100, 7, 7);
    expect(inPieces(input, bytesFromInt16(stereo), 3)).toEqual([200, -300, 7]);
  });

  it('brings other rates to 16 kHz with the same loudness and length', () => {
    const input = new AudioInput({ ...MONO, sampleRate: 48_000 });
    const tone = Int16Array.from(
      { length: 48_000 },
      (_, i) => 8_000 * Math.sin((2 * Math.PI * 440 * i) / 48_000),
    );
    const samples = inPieces(input, bytesFromInt16(tone), 4_801);
    expect(samples.length).toBeGreaterThan(15_900);
    expect(samples.length).toBeLessThanOrEqual(16_000);
    expect(Math.max(...samples.slice(1_000))).toBeGreaterThan(7_900);
    expect(Math.max(...samples)).toBeLessThan(8_200);
  });

  it('refuses JSON in a binary frame and a file it cannot read', () => {
    expect(() => new AudioInput(MONO).write(Buffer.from('{"type":"KeepAlive"}'))).toThrow(Undecodable);
    const container = new AudioInput({ ...MONO, encoding: undefined });
    expect(() => container.write(Buffer.from('OggS and so on'))).toThrow(/WAV/);
  });
});
