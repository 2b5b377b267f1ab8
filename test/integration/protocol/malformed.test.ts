import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import { MAX_FRAME_BYTES } from '../../../src/protocol/limits.ts';
import { loud, quiet, WireClient } from '../../support/client.ts';
import { Random } from '../../support/random.ts';
import { localVariables, type RunningWorker, startWorker } from '../../support/worker.ts';
import { Workerd } from '../../support/workerd.ts';
import { MalformedFrames } from './malformed-frames.ts';
import { heardOut } from './stage.ts';
import { readPlainMap } from './strict.ts';
import { type Answer, answerTo, readAnswer } from './strict-answers.ts';

const FRAMES = 100_000;
/** How many are sent before their answers are waited for. */
const BATCH = 500;
/** Frames after which code is compiled and buffers have their size, so that memory may be measured. */
const WARM_UP = 20_000;
/** How much workerd may have grown over the rest, in KiB: a leak of one small frame in ten would be more. */
const GROWTH_KIB = 64 * 1024;
/** What would hold back a client that sends so fast. */
const UNLIMITED = { MAX_MESSAGES_PER_SECOND: '1000000', MAX_BYTES_PER_SECOND: '1000000000' };

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const WORDS = 'It is ten dollars a month.';

/** Noise is no speech: only what is said after `utterances` are there is heard. */
function script(utterances: readonly string[]): ScriptInput {
  return {
    recogniser: { utterances: utterances.map((text) => ({ text })), silenceMs: 200, finishDelayMs: 5 },
    model: { replies: [WORDS], firstTokenMs: 5, tokensPerSecond: 1000 },
    synthesiser: { firstAudioMs: 5, msPerChar: 1, paceMs: 1 },
  };
}

let providers: Providers;
let worker: RunningWorker;
let workerd: Workerd;
beforeAll(async () => {
  providers = await startProviders({ mode: 'scripted', script: script([]), warn: () => undefined });
  const begun = await Workerd.startedBy(() =>
    startWorker({ ...UNLIMITED, ...localVariables(providers.url) }),
  );
  worker = begun.started;
  workerd = begun.workerd;
});
afterAll(async () => {
  await worker.close();
  await providers.close();
});

describe(`malformed input (seed ${seed}; SEED=${seed} sends the same)`, () => {
  it(`${FRAMES} frames on a live call: each gets its answer, memory stays flat, and the call goes on`, {
    timeout: 240_000,
  }, async () => {
    const client = await greeted();
    const { sessionId } = client;
    const { payload: about } = await client.next('connection.ack');
    const voices = (about['voices'] as { id: string }[]).map((voice) => voice.id); // the protocol says so
    client.frames.length = 0;
    const frames = new MalformedFrames(new Random(seed), sessionId);
    let warmKib = 0;
    for (let sent = 0; sent < FRAMES; sent += BATCH) {
      if (sent === WARM_UP) warmKib = workerd.residentKib();
      const batch = Array.from({ length: BATCH }, () => frames.next());
      const expected = batch.flatMap((frame) => answerTo(frame, sessionId, voices) ?? []);
      for (const frame of batch) client.raw(frame);
      const came = await answers(client, sessionId);
      const wrong = expected.findIndex((answer, i) => !fits(came[i], answer));
      expect([came[wrong], came.length]).toEqual([expected[wrong], expected.length]);
    }
    expect(unreadable).toEqual([]);
    expect(workerd.residentKib() - warmKib).toBeLessThan(GROWTH_KIB);
    await goodTurns(client);
    client.send('voicechat.call.end');
    expect((await client.end()).code).toBe(1000);
    expect(worker.logs.filter((line) => /call\.bug|archive\.failed|http\.error/.test(line))).toEqual([]);
  });

  it('frames over the limit close their socket with 1009 and disturb no other call', async () => {
    const client = await greeted();
    for (const frame of [new Uint8Array(MAX_FRAME_BYTES + 1), 'x'.repeat(MAX_FRAME_BYTES + 1)]) {
      const other = await WireClient.open(`${worker.socketUrl}/ws`);
      await other.next('connection.ack');
      other.raw(frame);
      expect((await other.end()).code).toBe(1009);
    }
    await goodTurns(client);
    client.close();
    await client.end();
  });
});

/** What was no plain MessagePack map among the frames of the server. */
const unreadable: unknown[] = [];

async function greeted(): Promise<WireClient> {
  const client = await WireClient.open(`${worker.socketUrl}/ws`);
  client.socket.on('message', (data: Buffer) => {
    try {
      readPlainMap(data);
    } catch (problem) {
      unreadable.push(problem);
    }
  });
  await client.next('connection.ack');
  await client.start(START);
  await heardOut(client, await client.next('voicechat.response.complete'));
  return client;
}

/** What the call begins with, and goes back to: a frame by chance may have asked for a language that nobody understands. */
const START = { samplingRate: 16_000, language: 'en-US' };

/** The answers to everything sent so far: those before the ack of one more start. */
async function answers(client: WireClient, sessionId: string): Promise<readonly Answer[]> {
  const eventId = client.send('voicechat.audio.start', START);
  await client.next((frame) => frame.eventId === eventId);
  const came = client.frames.splice(0);
  const read = came.flatMap((frame) => readAnswer(frame, sessionId) ?? []);
  expect(read.pop()).toMatchObject({ eventId });
  return read;
}

/** An answer to a frame without a readable id has an id of the server's. */
function fits(came: Answer | undefined, expected: Answer): boolean {
  const { eventType, code, eventId = came?.eventId } = expected;
  return came?.eventType === eventType && came.code === code && came.eventId === eventId;
}

/** A typed turn and a spoken one, both answered in full. */
async function goodTurns(client: WireClient): Promise<void> {
  const before = client.frames.length;
  client.send('voicechat.text.input', { text: 'And now?' });
  const typed = await client.next(
    ({ eventType, payload }) => eventType.endsWith('transcript.final') && payload['text'] === 'And now?',
    before,
  );
  await answered(client, client.frames.indexOf(typed));
  providers.script = script(['How much does it cost?']);
  const from = client.frames.length;
  for (const sound of [quiet(400), loud(600), quiet(400)]) client.audio(sound);
  const final = await client.next('voicechat.transcript.final', from);
  expect(final.payload['text']).toBe('How much does it cost?');
  await answered(client, client.frames.indexOf(final));
}

async function answered(client: WireClient, from: number): Promise<void> {
  const start = await client.next('voicechat.response.start', from);
  const { utteranceId } = start.payload;
  const isOf = (event: string) => (frame: (typeof client.frames)[number]) =>
    frame.eventType === `voicechat.response.${event}` && frame.payload['utteranceId'] === utteranceId;
  const complete = await client.next(isOf('complete'), from);
  const words = client.frames.filter(isOf('text')).map(({ payload }) => payload['text']);
  expect(words.join(' ')).toBe(WORDS);
  await heardOut(client, complete);
}
