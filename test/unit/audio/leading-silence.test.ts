import { describe, expect, it } from 'vitest';
import { LeadingSilence } from '../../../src/audio/leading-silence.ts';
import { bytesFromInt16 } from '../../../src/audio/pcm.ts';

const RATE = 16_000;
const BYTES_PER_MS = (RATE * 2) / 1000;
const samples = (ms: number) => Math.round((ms * RATE) / 1000);

/** Audio of the given lengths in ms, silence and sound by turns; silence is a hiss below the threshold. */
function audio(...ms: readonly number[]): Uint8Array {
  const parts = ms.map((length, i) => new Array<number>(samples(length)).fill(i % 2 === 0 ? -183 : -3000));
  return bytesFromInt16(Int16Array.from(parts.flat()));
}

/** What is kept of audio that comes in pieces of so many bytes. */
function trimmed(pcm: Uint8Array, pieceBytes: number) {
  const silence = new LeadingSilence(RATE);
  const kept: Uint8Array[] = [];
  for (let at = 0; at < pcm.byteLength; at += pieceBytes) {
    kept.push(silence.trim(pcm.subarray(at, at + pieceBytes)));
  }
  return { kept: Buffer.concat(kept), trimmedMs: silence.trimmedMs };
}

describe.each([2, 34, 640, 20_000, 1_000_000])('leading silence, in pieces of %i bytes', (pieceBytes) => {
  it('is dropped but for 20 ms before the first sound', () => {
    const pcm = audio(180, 50, 300, 50);
    const { kept, trimmedMs } = trimmed(pcm, pieceBytes);
    expect(trimmedMs).toBe(160);
    expect(kept).toEqual(Buffer.from(pcm.subarray(160 * BYTES_PER_MS)));
  });

  it('stays when it is no longer than that', () => {
    const pcm = audio(20, 50);
    expect(trimmed(pcm, pieceBytes)).toEqual({ kept: Buffer.from(pcm), trimmedMs: 0 });
  });

  it('is dropped for at most 500 ms, for then it is a pause', () => {
    const pcm = audio(2000, 50);
    const { kept, trimmedMs } = trimmed(pcm, pieceBytes);
    expect(trimmedMs).toBe(500);
    expect(kept).toEqual(Buffer.from(pcm.subarray(500 * BYTES_PER_MS)));
  });
});

describe('leading silence', () => {
  it('is none when the reply begins with sound', () => {
    const pcm = audio(0, 100);
    const silence = new LeadingSilence(RATE);
    expect(silence.trim(pcm)).toEqual(pcm);
    expect(silence.trimmedMs).toBe(0);
  });

  it('ends at the first sample of -45 dBFS, of either sign', () => {
    for (const loud of [184, -184, 32_767, -32_768]) {
      const pcm = bytesFromInt16(Int16Array.from([...new Array<number>(samples(100)).fill(183), loud]));
      expect(trimmed(pcm, 64).trimmedMs).toBe(80);
    }
    expect(trimmed(audio(100), 64).kept.byteLength).toBe(0);
  });

  it('is found at an odd offset of the buffer too', () => {
    const pcm = audio(100, 50);
    const odd = new Uint8Array(pcm.byteLength + 1).subarray(1);
    odd.set(pcm);
    expect(trimmed(odd, 500).kept).toEqual(Buffer.from(pcm.subarray(80 * BYTES_PER_MS)));
  });

  it('does not keep the memory of a piece it was given, which may be used again', () => {
    const silence = new LeadingSilence(RATE);
    const piece = audio(60);
    silence.trim(piece);
    piece.fill(0x7f);
    const kept = silence.trim(audio(0, 10));
    expect(new Int16Array(kept.slice().buffer)[0]).toBe(-183);
  });

  it('lets everything pass untouched after the first sound', () => {
    const silence = new LeadingSilence(RATE);
    silence.trim(audio(50, 10));
    const pause = audio(400);
    expect(silence.trim(pause)).toBe(pause);
    expect(silence.trimmedMs).toBe(30);
  });
});
