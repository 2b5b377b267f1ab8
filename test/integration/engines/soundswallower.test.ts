import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFlite } from '../../../src/local/engines/flite/flite.ts';
import type {
  RecogniserEngine,
  RecogniserNews,
  SynthesiserEngine,
} from '../../../src/local/engines/ports.ts';
import { createSoundswallower } from '../../../src/local/engines/soundswallower/soundswallower.ts';
import { wordErrors } from '../../support/word-errors.ts';
import { AGENT_LINES, atRate, hearWhole, newsOf, readSentences, spokenWords } from './hearing.ts';

const RATE = 16_000;
/** Every n-th sentence is heard here, the whole sets in the benchmark. */
const SAMPLE_EVERY = 4;

let flite: SynthesiserEngine;
let recogniser: RecogniserEngine;
beforeAll(async () => {
  [flite, recogniser] = await Promise.all([
    createFlite(),
    createSoundswallower({ extraSentences: AGENT_LINES }),
  ]);
}, 60_000);
afterAll(() => Promise.all([flite.close(), recogniser.close()]));

const speak = async (text: string, voice = 'rms') => (await flite.speak({ text, voice, speed: 1 })).samples;

/** Over both American voices. */
async function errorRate(sentences: readonly string[]): Promise<number> {
  let errors = 0;
  let words = 0;
  for (const sentence of sentences) {
    for (const voice of ['slt', 'rms']) {
      const said = spokenWords(sentence);
      const heard = await hearWhole(recogniser, await speak(sentence, voice));
      const heardWords = heard.map(({ word }) => word);
      errors += wordErrors(said, heardWords);
      words += said.length;
    }
  }
  return errors / words;
}

const sampleOf = (name: string) => readSentences(name).filter((_, i) => i % SAMPLE_EVERY === 0);

describe('hearing', () => {
  it('gets callers right', { timeout: 120_000 }, async () => {
    expect(await errorRate(sampleOf('shared-sentences.tsv'))).toBeLessThanOrEqual(0.08);
    expect(await errorRate(sampleOf('held-out.tsv'))).toBeLessThanOrEqual(0.2);
  });

  it('gets the agent right when it knows the lines', { timeout: 60_000 }, async () => {
    const [line = ''] = AGENT_LINES;
    const speech = await flite.speak({ text: line, voice: 'slt', speed: 1 });
    const { samples } = atRate(atRate(speech, 24_000), RATE);
    const heard = await hearWhole(recogniser, samples);
    const said = spokenWords(line);
    const errors = wordErrors(
      said,
      heard.map(({ word }) => word),
    );
    expect(errors / said.length).toBeLessThanOrEqual(0.15);
  });

  it('learns the key terms of a call', { timeout: 60_000 }, async () => {
    const samples = await speak('I am calling about Blorptech.');
    const heard = async (keyterms: string[]) => finalOf(await newsOf(recogniser, samples, keyterms)).words;
    expect((await heard(['Blorptech'])).map(({ word }) => word)).toContain('blorptech');
    expect((await heard([])).map(({ word }) => word)).not.toContain('blorptech');
  });
});

describe('news of a stream', () => {
  it('tells when words were said, in the time of the stream', { timeout: 60_000 }, async () => {
    const speech = await speak('Yes, that sounds good.');
    const silence = new Int16Array(RATE);
    const news = await newsOf(recogniser, Int16Array.from([...silence, ...speech, ...silence]));
    const { startMs, audioMs, words } = finalOf(news);
    const endOfSpeechMs = 1000 + (speech.length / RATE) * 1000;
    expect(startMs).toBeGreaterThan(900);
    expect(startMs).toBeLessThan(1300);
    expect(audioMs).toBeGreaterThan(endOfSpeechMs + 900);
    const times = words.flatMap((word) => [word.startMs, word.endMs]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThan(900);
    expect(times.at(-1)).toBeLessThan(endOfSpeechMs + 100);
    for (const { confidence } of words) {
      expect(confidence).toBeGreaterThan(0);
      expect(confidence).toBeLessThanOrEqual(1);
    }
  });

  it('shows words while they are spoken', { timeout: 60_000 }, async () => {
    const news = await newsOf(recogniser, await speak('Please call me back tomorrow afternoon.'));
    const partials = news.filter((item) => item.type === 'partial');
    expect(partials.length).toBeGreaterThan(3);
    const half = partials[partials.length >> 1];
    expect(half?.audioMs).toBeLessThan(finalOf(news).audioMs - 500);
    expect(half?.words.length).toBeGreaterThan(0);
  });

  it('reports the activity of each frame', { timeout: 60_000 }, async () => {
    const silence = new Int16Array(RATE / 2);
    const news = await newsOf(
      recogniser,
      Int16Array.from([...silence, ...(await speak('Hello.')), ...silence]),
    );
    const activity = news.filter((item) => item.type === 'activity');
    expect(activity.map(({ audioMs }) => audioMs)).toEqual(activity.map((_, i) => (i + 1) * 30));
    expect(activity.filter(({ speaking }) => speaking).length).toBeGreaterThan(5);
    expect(activity.at(-1)?.silenceMs).toBeGreaterThanOrEqual(400);
    expect(activity.every(({ speaking, silenceMs }) => !speaking || silenceMs === 0)).toBe(true);
  });

  it('answers every end of a segment with one final, also without speech', { timeout: 60_000 }, async () => {
    const speech = await speak('Hello.');
    const finals: RecogniserNews[] = [];
    let enough: () => void = () => undefined;
    const three = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const stream = await recogniser.open({ keyterms: [] }, (news) => {
      if (news.type === 'final') finals.push(news);
      if (finals.length === 3) enough();
    });
    stream.endSegment();
    stream.write(speech);
    stream.endSegment();
    stream.endSegment();
    await three;
    stream.close();
    expect(finals.map((final) => (final.type === 'final' ? final.words.length : -1))).toEqual([0, 1, 0]);
  });

  it('keeps streams apart', { timeout: 60_000 }, async () => {
    const sentences = ['No thank you.', 'Goodbye.', 'Yes that sounds good.'];
    const heard = await Promise.all(sentences.map(async (text) => hearWhole(recogniser, await speak(text))));
    expect(heard.map((words) => words.map(({ word }) => word).join(' '))).toEqual([
      'no thank you',
      'goodbye',
      'yes that sounds good',
    ]);
  });

  it('refuses streams after its end', { timeout: 60_000 }, async () => {
    const short = await createSoundswallower({ secondPass: false });
    await short.close();
    await expect(short.open({ keyterms: [] }, () => undefined)).rejects.toThrow(/closed/);
  });
});

describe('noise', () => {
  const random = seededNoise(7);
  const wave = (hz: number, loud: number) => (i: number) => loud * Math.sin((2 * Math.PI * hz * i) / RATE);
  it.each<[string, (i: number) => number]>([
    ['silence', () => 0],
    ['soft white noise', () => 300 * random()],
    ['loud white noise', () => 12_000 * random()],
    ['bursts of white noise', (i) => (i % RATE < 3200 ? 8000 : 50) * random()],
    ['mains hum', (i) => wave(50, 4000)(i) + wave(150, 1000)(i)],
    ['a whistle', wave(1000, 6000)],
    ['a beeping tone', (i) => wave(440, i % RATE < RATE / 2 ? 8000 : 0)(i)],
  ])('holds no words: %s', { timeout: 60_000 }, async (_, sample) => {
    const samples = Int16Array.from({ length: 4 * RATE }, (_, i) => sample(i));
    const news = await newsOf(recogniser, samples);
    expect(news.filter(({ type }) => type === 'speech' || type === 'partial')).toEqual([]);
    expect(finalOf(news).words).toEqual([]);
  });
});

function finalOf(news: readonly RecogniserNews[]): Extract<RecogniserNews, { readonly type: 'final' }> {
  const last = news.at(-1);
  if (last?.type !== 'final') throw new Error('the stream did not report a final');
  return last;
}

/** Numbers of -1..1 from a seed. */
function seededNoise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state / 0x7fff_ffff) * 2 - 1;
  };
}
