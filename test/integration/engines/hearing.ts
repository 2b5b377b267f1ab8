import { readFileSync } from 'node:fs';
import { floatFromInt16, int16FromFloat } from '../../../src/audio/pcm.ts';
import { Resampler } from '../../../src/audio/resample.ts';
import { spokenUnits } from '../../../src/local/engines/flite/spoken.ts';
import type { RecognisedWord, RecogniserEngine, RecogniserNews } from '../../../src/local/engines/ports.ts';

/** What an agent typically says, known to the recogniser beforehand. */
export const AGENT_LINES: readonly string[] = [
  'Hi Jordan, this is Ava, an AI assistant calling from Northwind. Did I catch you at an okay time?',
  'Northwind answers your phones day and night, so that no customer has to wait.',
  'May I ask how many calls your team takes in a day?',
  'I understand. Would Tuesday at 3:30 pm work for a short demo?',
  'Great, I will send the invite to jordan@example.com. Thank you for your time.',
];

/** The second column of a fixture under test/fixtures/speech. */
export function readSentences(name: string): string[] {
  const text = readFileSync(new URL(`../../fixtures/speech/${name}`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => line.split('\t')[1] ?? '');
}

/** The words a text is spoken with, as a recogniser writes them. */
export function spokenWords(text: string): string[] {
  return spokenUnits(text).flatMap(({ words }) => words.map((word) => word.replace(',', '').toLowerCase()));
}

/** The same sound at another sample rate. */
export function atRate(
  { samples, sampleRate }: { readonly samples: Int16Array; readonly sampleRate: number },
  rate: number,
): { readonly samples: Int16Array; readonly sampleRate: number } {
  const resampler = new Resampler(sampleRate, rate);
  const parts = [resampler.process(floatFromInt16(samples)), resampler.flush()].map(int16FromFloat);
  return { samples: Int16Array.from(parts.flatMap((part) => [...part])), sampleRate: rate };
}

/** Everything a stream reports about these samples, with the segment ended after the last one. */
export async function newsOf(
  recogniser: RecogniserEngine,
  samples: Int16Array,
  keyterms: readonly string[] = [],
): Promise<RecogniserNews[]> {
  const all: RecogniserNews[] = [];
  let finished: (() => void) | undefined;
  const final = new Promise<void>((resolve) => {
    finished = resolve;
  });
  const stream = await recogniser.open({ keyterms }, (news) => {
    all.push(news);
    if (news.type === 'final') finished?.();
  });
  const chunk = 320;
  for (let at = 0; at < samples.length; at += chunk) stream.write(samples.subarray(at, at + chunk));
  stream.endSegment();
  await final;
  stream.close();
  return all;
}

/** The final words of samples heard as one segment. */
export async function hearWhole(
  recogniser: RecogniserEngine,
  samples: Int16Array,
): Promise<readonly RecognisedWord[]> {
  return finalWords(await newsOf(recogniser, samples));
}

/** The words of the last final. */
export function finalWords(news: readonly RecogniserNews[]): readonly RecognisedWord[] {
  return news.findLast((item) => item.type === 'final')?.words ?? [];
}
