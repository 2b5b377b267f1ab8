import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import type { LogEntry } from '../../../src/local/wire/log.ts';
import { WireClient, type WireFrame } from '../../support/client.ts';
import { localVariables, type RunningWorker, startWorker } from '../../support/worker.ts';

/** The one Worker of a test file, and the scripted providers it speaks to. */
export interface Stage {
  readonly providers: Providers;
  readonly worker: RunningWorker;
  /** Where callers connect. */
  readonly socketUrl: string;
  /** A connected client that has read its `connection.ack`; it is hung up after the test. */
  join(query?: string): Promise<WireClient>;
  /** A client whose call has begun and whose greeting was heard whole, so that nothing comes unasked. */
  greeted(start?: Readonly<Record<string, unknown>>): Promise<WireClient>;
  /** The recogniser's first connection since the test began: one whose handshake is still under way leaves no close. */
  listening(): Promise<Extract<LogEntry, { kind: 'open' }>>;
}

/** Every provider answers at once, and a character sounds for 1 ms. */
export const fast = {
  recogniser: { utterances: [{ text: 'How much does it cost?' }], finalDelayMs: 100, finishDelayMs: 5 },
  model: { replies: ['It is ten dollars a month.'], firstTokenMs: 5, tokensPerSecond: 1000 },
  synthesiser: { firstAudioMs: 5, msPerChar: 1, paceMs: 1 },
} satisfies ScriptInput;

/** `fast`, but what the agent says plays for seconds after it was sent. */
export const longWinded = {
  ...fast,
  synthesiser: { firstAudioMs: 5, msPerChar: 65, chunkMs: 1000, paceMs: 1 },
} satisfies ScriptInput;

/** Starts the Worker before the tests of a file and stops it after them; every test begins with the script `fast`. */
export function stage(): Stage {
  let providers: Providers | undefined;
  let worker: RunningWorker | undefined;
  const clients: WireClient[] = [];
  beforeAll(async () => {
    providers = await startProviders({ port: 0, mode: 'scripted' });
    worker = await startWorker(localVariables(providers.url));
  });
  afterAll(async () => {
    await worker?.close();
    await providers?.close();
  });
  beforeEach(() => {
    running(providers).script = fast;
    running(providers).log.clear();
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await Promise.all(clients.splice(0).map((client) => client.end()));
  });
  const set: Stage = {
    get providers() {
      return running(providers);
    },
    get worker() {
      return running(worker);
    },
    get socketUrl() {
      return `${running(worker).socketUrl}/ws`;
    },
    async join(query = '') {
      const client = await WireClient.open(`${set.socketUrl}${query}`);
      clients.push(client);
      await client.next('connection.ack');
      return client;
    },
    async greeted(start = { samplingRate: 16_000 }) {
      const client = await set.join();
      await client.start(start);
      await heardOut(client, await client.next('voicechat.response.complete'));
      return client;
    },
    async listening() {
      const entry = await set.providers.log.waitFor(
        ({ provider, kind }) => provider === 'deepgram' && kind === 'open',
      );
      if (entry.kind !== 'open') throw new Error('only openings were waited for');
      return entry;
    },
  };
  return set;
}

/** Reports that the utterance of a `response.complete` was heard whole, and waits until the agent listens again. */
export async function heardOut(client: WireClient, complete: WireFrame): Promise<void> {
  const utteranceId = utteranceOf(complete);
  client.send('voicechat.playback.progress', { utteranceId, playedMs: 86_400_000, ended: true });
  const metrics = await client.next(
    (frame) => frame.eventType === 'voicechat.turn.metrics' && utteranceOf(frame) === utteranceId,
  );
  await client.next(
    (frame) => frame.eventType === 'voicechat.state' && frame.payload['state'] === 'listening',
    client.frames.indexOf(metrics),
  );
}

/** Everything that comes until a request, sent now, is acknowledged. A request changes nothing when it repeats the start. */
export async function untilAck(
  client: WireClient,
  start: Readonly<Record<string, unknown>> = { samplingRate: 16_000 },
): Promise<readonly string[]> {
  const from = client.frames.length;
  const eventId = client.send('voicechat.audio.start', start);
  const ack = await client.next((frame) => frame.eventId === eventId, from);
  return client.frames.slice(from, client.frames.indexOf(ack)).map((frame) => frame.eventType);
}

/** The answer to a request: the first frame that carries its event id. */
export async function answerTo(client: WireClient, eventId: string): Promise<WireFrame> {
  return client.next((frame) => frame.eventId === eventId);
}

/** Types a turn on a call whose agent listens, and waits until the answer to it was sent whole. */
export async function converse(client: WireClient, text = 'How much is it?'): Promise<WireFrame> {
  const from = client.frames.length;
  client.send('voicechat.text.input', { text });
  return client.next('voicechat.response.complete', from);
}

export function utteranceOf(frame: WireFrame): string {
  return String(frame.payload['utteranceId']);
}

function running<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('the stage is set by beforeAll');
  return thing;
}
