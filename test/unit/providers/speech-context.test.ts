import { beforeEach, describe, expect, it } from 'vitest';
import { SpeechContext } from '../../../src/providers/elevenlabs/context.ts';
import { alignment, silence } from '../../support/scene.ts';

const NOW = 1000;
const RATE = 16_000;
/** A piece of sound, and where it is told that its characters are. */
const spoken = (text: string) => [silence(text.length * 50), alignment(text)] as const;
let context: SpeechContext;
beforeEach(() => {
  context = new SpeechContext(3, RATE);
});

describe('what has sounded', () => {
  it('is counted in characters, white space left out', () => {
    context.said('Hello  there.', NOW);
    context.heard(...spoken('Hello '), NOW);
    expect(context.covered).toBe(false);
    context.heard(...spoken('there. '), NOW);
    expect(context.covered).toBe(true);
  });

  it('counts a character outside the basic plane as the vendor does, in one entry', () => {
    context.said('Hi 👋', NOW);
    context.heard(...spoken('Hi 👋'), NOW);
    expect(context.covered).toBe(true);
  });

  it('is nearly all from nine tenths on', () => {
    context.said('1234567890', NOW);
    expect(context.nearlyCovered).toBe(false);
    context.heard(...spoken('12345678'), NOW);
    expect(context.nearlyCovered).toBe(false);
    context.heard(...spoken('9'), NOW);
    expect(context.nearlyCovered).toBe(true);
    expect(context.covered).toBe(false);
  });

  it('is nearly all without alignment as soon as there is sound', () => {
    context.said('Hello', NOW);
    context.heard(new Uint8Array(2), undefined, NOW);
    expect(context.nearlyCovered).toBe(true);
    expect(context.covered).toBe(false);
  });
});

describe('sound that is missing', () => {
  it('[V3] is waited for, although its characters were told', () => {
    context.said('Hello there', NOW);
    context.heard(silence(300), alignment('Hello there'), NOW);
    expect([context.covered, context.nearlyCovered]).toEqual([false, false]);
    expect(context.deadline).toBe(NOW + 3000);
    context.heard(silence(220), undefined, NOW + 10);
    expect([context.covered, context.nearlyCovered]).toEqual([false, true]);
    expect(context.deadline).toBeUndefined();
    context.finish(NOW + 20);
    expect(context.deadline).toBe(NOW + 1020);
    context.heard(silence(15), undefined, NOW + 30);
    expect(context.covered).toBe(true);
  });

  it('[V3] counts from where the sound of each piece begins', () => {
    context.said('Hello there', NOW);
    context.heard(...spoken('Hello'), NOW);
    context.heard(silence(100), alignment('there'), NOW);
    expect(context.covered).toBe(false);
    context.heard(silence(150), undefined, NOW);
    expect(context.covered).toBe(true);
  });
});

describe('a sample cut in two', () => {
  it('is put together again', () => {
    const pieces = [[1, 2, 3], [], [4], [5, 6], [7, 8, 9], [10]].map((bytes) =>
      context.heard(Uint8Array.from(bytes), undefined, NOW),
    );
    expect(pieces.map((piece) => [...piece])).toEqual([[1, 2], [], [3, 4], [5, 6], [7, 8], [9, 10]]);
  });

  it('does not hinder a frame of a megabyte', () => {
    context.heard(Uint8Array.of(1), undefined, NOW);
    expect(context.heard(new Uint8Array(1_000_001), undefined, NOW).byteLength).toBe(1_000_002);
  });
});

describe('what is due', () => {
  it('[V2] is the first audio within 1.5 s of the first text, whatever text comes after it', () => {
    expect(context.deadline).toBeUndefined();
    context.said('Hello', NOW);
    expect(context.deadline).toBe(NOW + 1500);
    context.said('there', NOW + 1000);
    expect(context.deadline).toBe(NOW + 1500);
  });

  it('is nothing while all that was sent has sounded', () => {
    context.said('Hello', NOW);
    context.heard(...spoken('Hello'), NOW);
    expect(context.deadline).toBeUndefined();
    context.said('again', NOW + 50);
    expect(context.deadline).toBe(NOW + 3050);
  });

  it('is more audio within 3 s while much is missing, complete or not', () => {
    context.said('Hello there', NOW);
    context.heard(...spoken('Hello'), NOW + 10);
    expect(context.deadline).toBe(NOW + 3010);
    context.finish(NOW + 20);
    context.heard(new Uint8Array(2), undefined, NOW + 30);
    expect(context.deadline).toBe(NOW + 3030);
  });

  it('is quiet for 1 s when nearly all has sounded and no more text comes', () => {
    context.said('Call 555', NOW);
    context.said('-12345678901234567890', NOW);
    context.heard(...spoken('Call555-1234567890123456789'), NOW);
    expect(context.deadline).toBe(NOW + 3000);
    context.finish(NOW + 10);
    expect(context.deadline).toBe(NOW + 1010);
    context.heard(new Uint8Array(2), undefined, NOW + 20);
    expect(context.deadline).toBe(NOW + 1020);
  });

  it('is the last frame within 1.5 s of the last audio, once it is closing', () => {
    context.finish(NOW);
    context.close(NOW);
    expect(context.deadline).toBe(NOW + 1500);
    context.heard(new Uint8Array(2), undefined, NOW + 100);
    expect(context.deadline).toBe(NOW + 1600);
  });

  it('is nothing once it is cancelled', () => {
    context.said('Hello', NOW);
    context.cancel();
    expect(context.deadline).toBeUndefined();
    expect(context.state).toBe('cancelled');
  });
});
