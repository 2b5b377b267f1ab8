/**
 * Plays recordings to a running Vantum as a caller would, in real time, and listens to what it answers:
 *
 *   npm start                                             (in another terminal)
 *   node test/bench/recordings.ts FOLDER [--rates 16000,48000] [--only TEXT]
 *
 * FOLDER holds `manifest.tsv` with the columns file and transcript. The address of Vantum and of its local providers
 * come from PORT and PROVIDERS_PORT.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { bytesFromInt16, floatFromInt16, int16FromFloat } from '../../src/audio/pcm.ts';
import { Resampler } from '../../src/audio/resample.ts';
import { readWav } from '../../src/audio/wav.ts';
import { WireClient } from '../support/client.ts';
import { wordErrors, wordsOf } from '../support/word-errors.ts';

const CALLS_AT_ONCE = 1;
const FRAME_MS = 20;
/** Silence played after each recording, in ms, so that its end can be heard. */
const TRAILING_MS = 1500;

const vantum = `ws://127.0.0.1:${process.env['PORT'] ?? 8787}/ws`;
const recogniser = `ws://127.0.0.1:${process.env['PROVIDERS_PORT'] ?? 8788}/deepgram/v1/listen`;

interface Clip {
  readonly file: string;
  readonly transcript: string;
  readonly rate: number;
}

interface Result extends Clip {
  readonly heard: string;
  readonly interims: number;
  readonly errors: number;
  readonly words: number;
  readonly said: string;
  readonly understood: string;
  readonly answerErrors: number;
  readonly answerWords: number;
  readonly trouble: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rates: { type: 'string', default: '16000' }, only: { type: 'string', default: '' } },
});
const folder = positionals[0] ?? '.';
const waiting = clips(folder, values.rates.split(',').map(Number), values.only);
const results: Result[] = [];
await Promise.all(
  Array.from({ length: CALLS_AT_ONCE }, async () => {
    for (let clip = waiting.shift(); clip !== undefined; clip = waiting.shift()) {
      const result = await play(clip);
      results.push(result);
      print(result);
    }
  }),
);
summarise();

function clips(from: string, rates: readonly number[], only: string): Clip[] {
  const lines = readFileSync(join(from, 'manifest.tsv'), 'utf8').trim().split('\n').slice(1);
  const all = lines.map((line) => line.split('\t')).filter(([file]) => file?.includes(only));
  return rates.flatMap((rate) => all.map(([file = '', transcript = '']) => ({ file, transcript, rate })));
}

async function play(clip: Clip): Promise<Result> {
  const client = await WireClient.open(vantum);
  try {
    return await converse(client, clip);
  } catch (error) {
    const trouble = error instanceof Error ? error.message.slice(0, 80) : 'failed';
    const words = wordsOf(clip.transcript).length;
    return {
      ...clip,
      heard: '',
      interims: 0,
      errors: words,
      words,
      said: '',
      understood: '',
      answerErrors: 1,
      answerWords: 1,
      trouble,
    };
  } finally {
    client.close();
  }
}

async function converse(client: WireClient, clip: Clip): Promise<Result> {
  await client.start({ samplingRate: clip.rate });
  const { payload } = await client.next('voicechat.response.complete');
  // The greeting need not be sat through: the listener says that it has sounded.
  const playedMs = 60_000;
  client.send('voicechat.playback.progress', { utteranceId: payload['utteranceId'], playedMs, ended: true });
  await client.next('voicechat.turn.metrics');
  const from = client.frames.length;
  await stream(client, clip);
  await client.next('voicechat.response.complete', from);
  const after = client.frames.slice(from);
  const texts = (type: string) =>
    after.filter(({ eventType }) => eventType === type).map(({ payload: { text } }) => String(text));
  const heard = texts('voicechat.transcript.final').join(' ');
  const last = after.findLast(({ eventType }) => eventType === 'voicechat.response.complete')?.payload[
    'utteranceId'
  ];
  const answer = after.filter((frame) => frame.payload['utteranceId'] === last);
  const said = answer
    .filter(({ eventType }) => eventType === 'voicechat.response.text')
    .map(({ payload: { text } }) => text)
    .join(' ');
  const understood = await recognise(
    answer.filter(({ eventType }) => eventType === 'voicechat.response.chunk').map((frame) => frame.payload),
  );
  return {
    ...clip,
    heard,
    interims: texts('voicechat.transcript.interim').length,
    errors: wordErrors(wordsOf(clip.transcript), wordsOf(heard)),
    words: wordsOf(clip.transcript).length,
    said,
    understood,
    answerErrors: wordErrors(wordsOf(said), wordsOf(understood)),
    answerWords: wordsOf(said).length,
    trouble: '',
  };
}

async function stream(client: WireClient, { file, rate }: Clip): Promise<void> {
  const recording = readWav(readFileSync(join(folder, file)));
  const resampler = new Resampler(recording.sampleRate, rate);
  const speech = [resampler.process(floatFromInt16(recording.samples)).slice(), resampler.flush()];
  const pcm = Buffer.concat([
    ...speech.map((part) => bytesFromInt16(int16FromFloat(part))),
    Buffer.alloc((TRAILING_MS / 1000) * rate * 2),
  ]);
  const bytes = Math.round((rate * FRAME_MS) / 1000) * 2;
  const began = performance.now();
  for (let at = 0; at < pcm.byteLength; at += bytes) {
    const due = began + (at / bytes) * FRAME_MS;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    client.audio(pcm.subarray(at, at + bytes), rate);
  }
}

/** What the local recogniser makes of the agent's audio. */
async function recognise(chunks: readonly Record<string, unknown>[]): Promise<string> {
  const rate = Number(chunks[0]?.['sampleRate']);
  const query = `model=nova-3&encoding=linear16&sample_rate=${rate}&endpointing=300&interim_results=true`;
  const socket = new WebSocket(`${recogniser}?${query}`, { headers: { Authorization: 'Token local' } });
  const finals: string[] = [];
  await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', resolve);
    socket.on('message', (data) => {
      const { is_final: isFinal, channel } = JSON.parse(String(data));
      if (isFinal) finals.push(channel.alternatives[0].transcript);
    });
    socket.on('open', () => {
      for (const { audio } of chunks) socket.send(audio as Uint8Array); // a chunk's audio is binary
      socket.send(Buffer.alloc(rate));
      socket.send(JSON.stringify({ type: 'CloseStream' }));
    });
  });
  return finals.join(' ');
}

function print(result: Result): void {
  const { file, rate, errors, words, interims, heard, answerErrors, answerWords, trouble } = result;
  console.log(
    `${errors}/${words}  ${file} @${rate}  "${heard}"  interims ${interims}  answer ${answerErrors}/${answerWords} ${trouble}`,
  );
  if (answerErrors > 0) console.log(`    said   ${result.said}\n    heard  ${result.understood}`);
}

function summarise(): void {
  const groups = Map.groupBy(
    results,
    ({ file, rate }) => `${file.replace(/-?s?\d*\.wav$/, '').replace(/human\/.*/, 'human')} @${rate}`,
  );
  const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
  const sum = (of: readonly Result[], field: 'errors' | 'words' | 'answerErrors' | 'answerWords') =>
    of.reduce((total, result) => total + result[field], 0);
  console.table(
    [...groups].map(([group, of]) => ({
      group,
      clips: of.length,
      'word error rate': share(sum(of, 'errors'), sum(of, 'words')),
      'answer word error rate': share(sum(of, 'answerErrors'), sum(of, 'answerWords')),
      'without interim': of.filter(({ interims }) => interims === 0).length,
    })),
  );
}
