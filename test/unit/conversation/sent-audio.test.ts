import { expect, it } from 'vitest';
import { SentAudio } from '../../../src/conversation/sent-audio.ts';

/** 1 kHz: a sample is a millisecond, and its number is its value. */
function sent(...lengthsMs: readonly number[]): SentAudio {
  const audio = new SentAudio(1000);
  let next = 0;
  for (const ms of lengthsMs)
    audio.push(new Uint8Array(Int16Array.from({ length: ms }, () => next++).buffer));
  return audio;
}

function samples(audio: SentAudio, ms: number): readonly number[] | undefined {
  return audio.after(ms)?.flatMap((pcm) => [...new Int16Array(pcm.slice().buffer)]);
}

it('[C3] gives what follows on a moment, to the very sample', () => {
  const audio = sent(3, 4);
  expect(samples(audio, 0)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(samples(audio, 2)).toEqual([2, 3, 4, 5, 6]);
  expect(samples(audio, 3)).toEqual([3, 4, 5, 6]);
  expect(samples(audio, 6)).toEqual([6]);
  expect(samples(audio, 7)).toEqual([]);
  expect(samples(audio, 8)).toBeUndefined();
});

it('[C3] lets go of what was heard, a whole piece at a time', () => {
  const audio = sent(3, 4);
  audio.heard(5);
  expect(samples(audio, 2)).toBeUndefined();
  expect(samples(audio, 5)).toEqual([5, 6]);
});

it('[C3] keeps the newest audio it is told to, and the rest of a piece that begins before it', () => {
  const audio = sent(3, 4, 2);
  audio.keep(6);
  expect(samples(audio, 2)).toBeUndefined();
  expect(samples(audio, 3)).toEqual([3, 4, 5, 6, 7, 8]);
  audio.keep(9);
  expect(samples(audio, 3)).toHaveLength(6);
});
