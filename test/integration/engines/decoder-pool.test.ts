import { describe, expect, it } from 'vitest';
import { floatFromInt16 } from '../../../src/audio/pcm.ts';
import { createFlite } from '../../../src/local/engines/flite/flite.ts';
import { agreedWords } from '../../../src/local/engines/soundswallower/agreement.ts';
import { type Decoder, resideLanguage } from '../../../src/local/engines/soundswallower/decoder.ts';
import { DecoderPool } from '../../../src/local/engines/soundswallower/decoder-pool.ts';
import { loadAcousticModel } from '../../../src/local/engines/soundswallower/native.ts';

const model = await loadAcousticModel();
const language = (word: string, sounds: string) =>
  resideLanguage(
    model.native,
    `FSG_BEGIN one\nNUM_STATES 2\nSTART_STATE 0\nFINAL_STATE 1\nTRANSITION 0 1 1 ${word}\nFSG_END\n`,
    `${word} ${sounds}\n`,
  );
const yes = language('yes', 'Y EH S');
const no = language('no', 'N OW');

async function spoken(text: string): Promise<Float32Array> {
  const flite = await createFlite();
  const { samples } = await flite.speak({ text, voice: 'rms', speed: 1 });
  await flite.close();
  return floatFromInt16(samples);
}
const [yesSamples, noSamples] = [await spoken('Yes.'), await spoken('No.')];

function hear(decoder: Decoder, samples: Float32Array): string[] {
  decoder.start();
  decoder.hear(samples, true);
  return decoder.finish().map(({ word }) => word);
}

describe('the decoder pool', () => {
  it('makes no more decoders than are lent at once', () => {
    const pool = new DecoderPool(model, {});
    for (let call = 0; call < 50; call++) {
      const lent = [pool.take(yes), pool.take(yes)];
      for (const decoder of lent) pool.giveBack(decoder);
    }
    expect(pool.made).toBe(2);
  });

  it('does not use more memory the more calls there were', () => {
    const pool = new DecoderPool(model, {});
    const call = (): void => {
      const decoder = pool.take(yes);
      hear(decoder, yesSamples);
      pool.giveBack(decoder);
    };
    for (let i = 0; i < 5; i++) call();
    const bytes = model.native.HEAPU8.length;
    for (let i = 0; i < 50; i++) call();
    expect(model.native.HEAPU8.length).toBe(bytes);
  });

  it('lends a used decoder with the grammar that is asked for', () => {
    const pool = new DecoderPool(model, {});
    const first = pool.take(yes);
    expect(hear(first, yesSamples)).toEqual(['yes']);
    pool.giveBack(first);
    const second = pool.take(no);
    expect(second).toBe(first);
    expect(hear(second, noSamples)).toEqual(['no']);
  });
});

describe('a decoder', () => {
  it('keeps its guess when the utterance ends before the grammar does', () => {
    const both = resideLanguage(
      model.native,
      'FSG_BEGIN both\nNUM_STATES 3\nSTART_STATE 0\nFINAL_STATE 2\nTRANSITION 0 1 1 yes\nTRANSITION 1 2 1 responsibility\nFSG_END\n',
      'yes Y EH S\nresponsibility R IY S P AA N S AH B IH L AH T IY\n',
    );
    expect(hear(new DecoderPool(model, {}).take(both), yesSamples)).toEqual(['yes']);
  });

  it('has no words for an utterance without samples', () => {
    expect(hear(new DecoderPool(model, {}).take(yes), new Float32Array(0))).toEqual([]);
  });
});

describe('two passes', () => {
  it('agree on the words they have in the same order', () => {
    const words = (text: string): string[] => text.split(' ');
    expect(agreedWords(words('i have to go now'), words('i had to go'))).toEqual([true, false, true, true]);
    expect(agreedWords([], ['yes'])).toEqual([false]);
    expect(agreedWords(['yes'], [])).toEqual([]);
  });
});
