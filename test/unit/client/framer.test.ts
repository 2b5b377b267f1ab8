import { describe, expect, it } from 'vitest';
import { int16FromFloat } from '../../../src/audio/pcm.ts';
import { Framer, type MicrophoneFrame } from '../../../src/client/framer.ts';
import { loudness } from '../../../src/client/loudness.ts';

describe('the framer of the microphone', () => {
  it.each([48_000, 44_100, 16_000, 8000])(
    'cuts a second at %i Hz into frames of 20 ms at 16 kHz',
    (fromHz) => {
      const frames = framed(fromHz, tone(fromHz, fromHz));
      expect(frames.length).toBeGreaterThanOrEqual(49);
      expect(frames.length).toBeLessThanOrEqual(50);
      expect(new Set(frames.map(({ samples }) => samples.length))).toEqual(new Set([320]));
    },
  );

  it('gives the same frames for quanta of 128 samples as for the whole stream', () => {
    const samples = tone(48_000, 9600);
    const whole = framed(48_000, samples);
    const inQuanta = framed(48_000, samples, 128);
    expect(inQuanta).toEqual(whole);
  });

  it('loses no sample between frames', () => {
    const samples = tone(16_000, 3200);
    const frames = framed(16_000, samples, 128);
    expect(frames.flatMap((frame) => [...frame.samples])).toEqual([...int16FromFloat(samples)]);
  });

  it('keeps the pitch and the loudness', () => {
    const frames = framed(44_100, tone(44_100, 44_100));
    const samples = frames.flatMap((frame) => [...frame.samples]).slice(3200, 12_800);
    const crossings = samples.filter((sample, i) => sample < 0 && (samples[i + 1] ?? -1) >= 0).length;
    expect(crossings / 0.6).toBeCloseTo(440, -1);
    expect(frames[20]?.level).toBeCloseTo(0.5 / Math.SQRT2, 2);
  });

  it('measures silence as nothing', () => {
    expect(loudness(new Float32Array(320))).toBe(0);
    expect(loudness(new Float32Array(0))).toBe(0);
  });
});

function framed(fromHz: number, samples: Float32Array, chunk = samples.length): MicrophoneFrame[] {
  const frames: MicrophoneFrame[] = [];
  const framer = new Framer({ fromHz, toHz: 16_000, frameMs: 20 }, (frame) => frames.push(frame));
  for (let at = 0; at < samples.length; at += chunk) framer.push(samples.subarray(at, at + chunk));
  return frames;
}

/** 440 Hz at half of full scale. */
function tone(rate: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 0.5 * Math.sin((2 * Math.PI * 440 * i) / rate));
}
