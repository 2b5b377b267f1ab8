import { describe, expect, it } from 'vitest';
import { readWav, writeWav } from '../../../src/audio/wav.ts';

const samples = Int16Array.of(0, 1, -1, 32_767, -32_768, 1234);

describe('a written file', () => {
  it.each([8000, 16_000, 44_100, 48_000])('is read back as it was: %i Hz', (sampleRate) => {
    expect(readWav(writeWav(samples, sampleRate))).toEqual({ sampleRate, samples });
  });

  it('may hold nothing', () => {
    expect(readWav(writeWav(new Int16Array(0), 8000))).toEqual({
      sampleRate: 8000,
      samples: new Int16Array(0),
    });
  });

  it('has the header of 16-bit mono PCM', () => {
    const bytes = writeWav(samples, 16_000);
    expect(Buffer.from(bytes.subarray(0, 44)).toString('latin1')).toBe(
      'RIFF\x30\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\x0c\0\0\0',
    );
    expect(bytes.byteLength).toBe(44 + 12);
  });

  it('holds the samples of a part of a larger recording only', () => {
    expect(readWav(writeWav(samples.subarray(2, 4), 8000)).samples).toEqual(samples.slice(2, 4));
  });
});

describe('reading', () => {
  it('skips chunks it does not know, with the padding of odd ones', () => {
    const list = [...ascii('LIST'), 3, 0, 0, 0, 1, 2, 3, 0];
    const file = Uint8Array.of(...head(), ...list, ...format(), ...list, ...data());
    expect(readWav(file)).toEqual({ sampleRate: 16_000, samples: Int16Array.of(1, -1) });
  });

  it('takes the rest of a streamed file whose length is unknown', () => {
    const file = Uint8Array.of(...head(), ...format(), ...data([255, 255, 255, 255]));
    expect(readWav(file).samples).toEqual(Int16Array.of(1, -1));
  });

  it('reads from a view that begins at an odd place', () => {
    const file = writeWav(samples, 8000);
    const memory = new Uint8Array(file.byteLength + 1);
    memory.set(file, 1);
    expect(readWav(memory.subarray(1)).samples).toEqual(samples);
  });

  it.each<[string, readonly number[], string]>([
    ['nothing', [], 'wav: a RIFF/WAVE file is accepted, got something else'],
    [
      'text',
      [...ascii('hello, this is no recording')],
      'wav: a RIFF/WAVE file is accepted, got something else',
    ],
    [
      'another RIFF',
      [...ascii('RIFF'), 0, 0, 0, 0, ...ascii('AVI ')],
      'wav: a RIFF/WAVE file is accepted, got something else',
    ],
    ['a bare header', head(), 'wav: a fmt chunk is needed, got none'],
    ['data without format', [...head(), ...data()], 'wav: a fmt chunk is needed, got none'],
    ['format without data', [...head(), ...format()], 'wav: a data chunk is needed, got none'],
    [
      'stereo',
      [...head(), ...format({ channels: 2 }), ...data()],
      'wav: 16-bit mono PCM is accepted, got format 1, 2 channels, 16 bits',
    ],
    [
      '8 bits',
      [...head(), ...format({ bits: 8 }), ...data()],
      'wav: 16-bit mono PCM is accepted, got format 1, 1 channels, 8 bits',
    ],
    [
      'float',
      [...head(), ...format({ code: 3, bits: 32 }), ...data()],
      'wav: 16-bit mono PCM is accepted, got format 3, 1 channels, 32 bits',
    ],
    [
      'a format that is cut off',
      [...head(), ...format().slice(0, 12)],
      'wav: a fmt chunk of 16 bytes is needed, got 4',
    ],
  ])('%s is refused with what was found', (_, bytes, message) => {
    expect(() => readWav(Uint8Array.from(bytes))).toThrow(new Error(message));
  });
});

function head(): number[] {
  return [...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WAVE')];
}

function format({ code = 1, channels = 1, bits = 16 } = {}): number[] {
  return [
    ...ascii('fmt '),
    16,
    0,
    0,
    0,
    code,
    0,
    channels,
    0,
    0x80,
    0x3e,
    0,
    0,
    0,
    0x7d,
    0,
    0,
    2,
    0,
    bits,
    0,
  ];
}

function data(length: readonly number[] = [4, 0, 0, 0]): number[] {
  return [...ascii('data'), ...length, 1, 0, 255, 255];
}

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
