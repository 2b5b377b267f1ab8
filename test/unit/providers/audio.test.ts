import { describe, expect, it } from 'vitest';
import { AudioClock } from '../../../src/providers/deepgram/audio-clock.ts';
import { AudioFrames } from '../../../src/providers/deepgram/audio-frames.ts';

function framer(shortest: number, longest: number) {
  const frames: Uint8Array[] = [];
  const cut = new AudioFrames(shortest, longest, (frame) => frames.push(frame));
  return { cut, frames, lengths: () => frames.map((frame) => frame.byteLength) };
}

describe('AudioFrames', () => {
  it('passes a chunk of accepted length as it is', () => {
    const { cut, frames } = framer(20, 250);
    const chunk = new Uint8Array(20);
    cut.push(chunk);
    expect(frames[0]).toBe(chunk);
  });

  it('cuts what is too long and joins what is too short, in order', () => {
    const { cut, frames, lengths } = framer(20, 250);
    const audio = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
    let at = 0;
    for (const length of [6, 6, 6, 6, 300, 260, 10, 400]) {
      cut.push(audio.subarray(at, at + length));
      at += length;
    }
    cut.flush();
    expect(
      lengths()
        .slice(0, -1)
        .every((length) => length >= 20 && length <= 250),
    ).toBe(true);
    expect(Buffer.concat(frames)).toEqual(Buffer.from(audio.subarray(0, at)));
  });

  it('makes frames of one length where only one is accepted', () => {
    const { cut, lengths } = framer(80, 80);
    for (let i = 0; i < 13; i++) cut.push(new Uint8Array(20));
    cut.push(new Uint8Array(200));
    expect(lengths()).toEqual([80, 80, 80, 80, 80]);
    cut.flush();
    expect(lengths().at(-1)).toBe(60);
  });

  it('does not write to a frame it has given away', () => {
    const { cut, frames } = framer(4, 4);
    cut.push(Uint8Array.of(1, 1));
    cut.push(Uint8Array.of(1, 1, 2, 2));
    cut.push(Uint8Array.of(2, 2));
    expect(frames.map((frame) => [...frame])).toEqual([
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ]);
  });

  it('flushes nothing when nothing waits', () => {
    const { cut, frames } = framer(4, 8);
    cut.push(new Uint8Array(8));
    cut.flush();
    cut.flush();
    expect(frames).toHaveLength(1);
  });
});

describe('AudioClock', () => {
  it('adds what earlier connections heard', () => {
    const clock = new AudioClock(16_000);
    clock.begin(2500);
    expect(clock.callMs(100)).toBe(2600);
  });

  it('leaves out silence that was put in, and only what lies before the moment', () => {
    const clock = new AudioClock(16_000);
    clock.filled(1600);
    clock.spoke(16_000);
    clock.filled(800);
    clock.filled(800);
    clock.spoke(16_000);
    expect(clock.callMs(600)).toBe(500);
    expect(clock.callMs(1100)).toBe(1000);
    expect(clock.callMs(1150)).toBe(1000);
    expect(clock.callMs(1300)).toBe(1100);
  });

  it('places a moment before the first word at the beginning', () => {
    const clock = new AudioClock(8000);
    clock.filled(800);
    clock.begin(40);
    expect(clock.callMs(50)).toBe(40);
  });
});
