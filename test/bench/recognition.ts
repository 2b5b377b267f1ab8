// Word errors, speed, delay and memory of the local engines:
//   node test/bench/recognition.ts [directory]
// The directory may hold recordings of one's own: 16-bit mono WAV files and a `manifest.tsv` with their path and
// transcript in the first two columns.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readWav } from '../../src/audio/wav.ts';
import { createFlite } from '../../src/local/engines/flite/flite.ts';
import type { RecognisedWord, RecogniserEngine, SynthesiserEngine } from '../../src/local/engines/ports.ts';
import { createSoundswallower } from '../../src/local/engines/soundswallower/soundswallower.ts';
import {
  AGENT_LINES,
  atRate,
  finalWords,
  hearWhole,
  newsOf,
  readSentences,
  spokenWords,
} from '../integration/engines/hearing.ts';
import { wordErrors } from '../support/word-errors.ts';

interface Clip {
  readonly set: string;
  readonly name: string;
  readonly said: string;
  readonly samples: Int16Array;
}

interface Tally {
  errors: number;
  words: number;
  exact: number;
  clips: number;
  audioMs: number;
  spentMs: number;
}

const VOICES = ['slt', 'rms', 'awb'];
const TELEPHONY_HZ = 16_000;

async function main(directory: string | undefined): Promise<void> {
  const startMs = performance.now();
  const flite = await createFlite();
  const fliteMs = performance.now() - startMs;
  const recogniser = await createSoundswallower({ extraSentences: AGENT_LINES });
  const recogniserMs = performance.now() - startMs - fliteMs;
  console.log(`load: synthesiser ${fliteMs.toFixed(0)} ms, recogniser ${recogniserMs.toFixed(0)} ms`);
  const clips = [...(await rendered(flite)), ...(directory === undefined ? [] : recordings(directory))];
  await measureErrors(recogniser, clips);
  await measureDelay(recogniser, clips);
  await measureMemory(recogniser, clips);
  await Promise.all([flite.close(), recogniser.close()]);
}

async function rendered(flite: SynthesiserEngine): Promise<Clip[]> {
  const sets = {
    shared: readSentences('shared-sentences.tsv'),
    'held-out': readSentences('held-out.tsv'),
    agent: AGENT_LINES,
  };
  const clips: Clip[] = [];
  for (const [set, sentences] of Object.entries(sets)) {
    for (const voice of VOICES) {
      for (const said of sentences) {
        const speech = await flite.speak({ text: said, voice, speed: 1 });
        // The agent's voice travels at 24 kHz before it is heard again.
        const samples =
          set === 'agent' ? atRate(atRate(speech, 24_000), TELEPHONY_HZ).samples : speech.samples;
        clips.push({ set: `${set} ${voice}`, name: said, said, samples });
      }
    }
  }
  return clips;
}

function recordings(directory: string): Clip[] {
  const [, ...lines] = readFileSync(join(directory, 'manifest.tsv'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [path = '', said = ''] = line.split('\t');
    const { samples } = atRate(readWav(readFileSync(join(directory, path))), TELEPHONY_HZ);
    return { set: path.replace(/\/([a-z]+-[a-z]+)?.*$/, ' $1').trim(), name: path, said, samples };
  });
}

async function measureErrors(recogniser: RecogniserEngine, clips: readonly Clip[]): Promise<void> {
  const tallies = new Map<string, Tally>();
  const trust = new Map<number, { right: number; all: number }>();
  for (const { set, name, said, samples } of clips) {
    const startMs = performance.now();
    const news = await newsOf(recogniser, samples);
    const spentMs = performance.now() - startMs;
    const expected = spokenWords(said);
    const words = finalWords(news);
    const heard = words.map(({ word }) => word);
    const errors = wordErrors(expected, heard);
    const tally = tallies.get(set) ?? { errors: 0, words: 0, exact: 0, clips: 0, audioMs: 0, spentMs: 0 };
    tallies.set(set, {
      errors: tally.errors + errors,
      words: tally.words + expected.length,
      exact: tally.exact + (errors === 0 ? 1 : 0),
      clips: tally.clips + 1,
      audioMs: tally.audioMs + (samples.length / TELEPHONY_HZ) * 1000,
      spentMs: tally.spentMs + spentMs,
    });
    if (errors > 0) console.log(`  ${set} ${name}: ${errors} of ${expected.length}: ${heard.join(' ')}`);
    if (!set.startsWith('held-out')) continue;
    countTrust(trust, expected, words);
    countTrust(trust, expected, news.findLast((item) => item.type === 'partial')?.words ?? []);
  }
  console.table(
    [...tallies].map(([set, { errors, words, exact, clips, audioMs, spentMs }]) => ({
      set,
      'word error rate %': Number(((100 * errors) / words).toFixed(1)),
      errors: `${errors}/${words}`,
      exact: `${exact}/${clips}`,
      'real-time factor': Number((spentMs / audioMs).toFixed(3)),
    })),
  );
  for (const [confidence, { right, all }] of trust) {
    console.log(
      `words with confidence ${confidence}: ${((100 * right) / all).toFixed(0)} % of ${all} were said`,
    );
  }
}

/** A heard word counts as right when the sentence holds it as often as it was heard. */
function countTrust(
  trust: Map<number, { right: number; all: number }>,
  expected: readonly string[],
  words: readonly RecognisedWord[],
): void {
  const left = [...expected];
  for (const { word, confidence } of words) {
    const counts = trust.get(confidence) ?? { right: 0, all: 0 };
    const place = left.indexOf(word);
    if (place >= 0) left.splice(place, 1);
    trust.set(confidence, { right: counts.right + (place >= 0 ? 1 : 0), all: counts.all + 1 });
  }
}

const CHUNK_MS = 20;
const ENDPOINTING_MS = 300;
const DELAY_CLIPS = 8;
const QUIET = 200;

/** From the last loud sample to the final words, with audio arriving as it is spoken. */
async function measureDelay(recogniser: RecogniserEngine, clips: readonly Clip[]): Promise<void> {
  const delays: number[] = [];
  for (const { samples } of clips.filter(({ set }) => set === 'held-out rms').slice(0, DELAY_CLIPS)) {
    const lastLoud = samples.findLastIndex((sample) => Math.abs(sample) > QUIET);
    const padded = new Int16Array(samples.length + 2 * TELEPHONY_HZ);
    padded.set(samples);
    delays.push((await streamedFinalMs(recogniser, padded)) - (lastLoud / TELEPHONY_HZ) * 1000);
  }
  const sorted = delays.toSorted((a, b) => a - b);
  const [median, most] = [sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0];
  console.log(
    `from the last sound to the final words, ${ENDPOINTING_MS} ms endpointing: median ${median.toFixed(0)} ms, most ${most.toFixed(0)} ms`,
  );
}

async function streamedFinalMs(recogniser: RecogniserEngine, samples: Int16Array): Promise<number> {
  const startMs = performance.now();
  let finalMs = 0;
  let ended = false;
  let spoke = false;
  const stream = await recogniser.open({ keyterms: [] }, (news) => {
    if (news.type === 'speech') spoke = true;
    if (news.type === 'final') finalMs = performance.now() - startMs;
    if (news.type !== 'activity' || !spoke || ended || news.silenceMs < ENDPOINTING_MS) return;
    ended = true;
    stream.endSegment();
  });
  const chunk = (CHUNK_MS * TELEPHONY_HZ) / 1000;
  for (let at = 0; at < samples.length && finalMs === 0; at += chunk) {
    await sleep(Math.max(0, startMs + ((at + chunk) / TELEPHONY_HZ) * 1000 - performance.now()));
    stream.write(samples.subarray(at, at + chunk));
  }
  stream.close();
  return finalMs;
}

const PARALLEL_CALLS = 8;

async function measureMemory(recogniser: RecogniserEngine, clips: readonly Clip[]): Promise<void> {
  const clip = clips.find(({ set }) => set === 'held-out slt');
  if (clip === undefined) return;
  const beforeMb = process.memoryUsage().rss / 1e6;
  const startMs = performance.now();
  await Promise.all(Array.from({ length: PARALLEL_CALLS }, () => hearWhole(recogniser, clip.samples)));
  const spent = performance.now() - startMs;
  const afterMb = process.memoryUsage().rss / 1e6;
  console.log(
    `${PARALLEL_CALLS} calls at once: ${spent.toFixed(0)} ms, ${afterMb.toFixed(0)} MB resident in all, ${beforeMb.toFixed(0)} MB before`,
  );
}

await main(process.argv[2]);
