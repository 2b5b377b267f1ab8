import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { ProviderName } from '../../../src/local/faults.ts';
import type { ScriptInput } from '../../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import type { LogEntry } from '../../../src/local/wire/log.ts';
import { defaultPlaybook } from '../../../src/outreach/northgate.ts';
import { lineNames } from '../../../src/outreach/playbook.ts';
import { spokenLine } from '../../../src/outreach/prompt.ts';
import { loud, quiet, WireClient, type WireFrame } from '../../support/client.ts';
import { localVariables, type RunningWorker, startWorker } from '../../support/worker.ts';

type Entry<K extends LogEntry['kind']> = Extract<LogEntry, { kind: K }>;
type Fault = NonNullable<ScriptInput['faults']>[number];

/** What the caller says in every burst of speech, and what the agent answers. */
export const QUESTION = 'How much does it cost?';
export const ANSWER = 'It is ten dollars a month. Would that work for you?';

/** What the agent says when it has no voice any more. */
export const VOICE_LOST = spokenLine(defaultPlaybook, {}, 'voiceLost');
const FIXED_LINES = lineNames.map((name) => spokenLine(defaultPlaybook, {}, name));

/**
 * The Worker in workerd and scripted vendors on real sockets, for all tests of a file. After every test all calls are
 * closed, and it fails when a provider socket stays open or a message broke a vendor's schema.
 */
export class Rig {
  readonly #variables: Readonly<Record<string, string>>;
  #providers: Providers | undefined;
  #worker: RunningWorker | undefined;
  #clients: WireClient[] = [];

  constructor(variables: Readonly<Record<string, string>> = {}) {
    this.#variables = variables;
    beforeAll(async () => {
      this.#providers = await startProviders({ port: 0, mode: 'scripted', timings: { lingerMs: 50 } });
      this.#worker = await startWorker({ ...localVariables(this.#providers.url), ...this.#variables });
    });
    afterAll(async () => {
      await this.#worker?.close();
      await this.#providers?.close();
    });
    beforeEach(() => this.play());
    afterEach(() => this.#hangUp());
  }

  /** Has a first call make ready the line about a lost voice, which all calls of the isolate share. */
  primed(): this {
    beforeAll(async () => {
      this.play();
      await this.call();
      // The lines are made ready one after the other, and this one comes behind it.
      const next = spokenLine(defaultPlaybook, {}, 'apology');
      await this.providers.log.waitFor((entry) => entry.kind === 'request' && textOf(entry.body) === next);
      await this.#hangUp();
    });
    return this;
  }

  /** What was asked for over HTTP, fixed lines or everything else. */
  overHttp(which: 'fixed' | 'other'): readonly { readonly text: string; readonly path: string }[] {
    return this.entries('elevenlabs', 'request')
      .map(({ body, path }) => ({ text: textOf(body), path }))
      .filter(({ text }) => FIXED_LINES.includes(text) === (which === 'fixed'));
  }

  get providers(): Providers {
    if (this.#providers === undefined) throw new Error('the providers run only within tests');
    return this.#providers;
  }

  /** Begins a script: fast, with one utterance for each burst. */
  play({ faults = [], ...script }: ScriptInput = {}): void {
    this.providers.script = {
      recogniser: {
        utterances: [{ text: QUESTION }],
        finalDelayMs: 200,
        finishDelayMs: 10,
        ...script.recogniser,
      },
      model: { replies: [ANSWER], firstTokenMs: 5, tokensPerSecond: 1000, ...script.model },
      synthesiser: { firstAudioMs: 5, msPerChar: 2, chunkMs: 10_000, paceMs: 1, ...script.synthesiser },
      faults,
    };
  }

  /** Lets faults happen to connections from now on. */
  faults(...faults: Fault[]): void {
    this.providers.script.faults.push(...(faults as Providers['script']['faults'])); // the defaults are optional
  }

  async connect(): Promise<WireClient> {
    const client = await WireClient.open(`${this.#worker?.socketUrl}/ws`);
    this.#clients.push(client);
    return client;
  }

  /** A call whose greeting is over. */
  async call(start: Readonly<Record<string, unknown>> = { samplingRate: 16_000 }): Promise<WireClient> {
    const client = await this.connect();
    await client.start(start);
    await reply(client, 0);
    await client.next('voicechat.turn.metrics');
    return client;
  }

  entries<K extends LogEntry['kind']>(provider: ProviderName, kind: K): readonly Entry<K>[] {
    return this.providers.log.entries.filter(
      (entry): entry is Entry<K> => entry.provider === provider && entry.kind === kind,
    );
  }

  /** The first entry, past or to come, of a kind. */
  async entry<K extends LogEntry['kind']>(
    provider: ProviderName,
    kind: K,
    wanted: (entry: Entry<K>) => boolean = () => true,
  ): Promise<Entry<K>> {
    const fits = (entry: LogEntry) =>
      entry.provider === provider && entry.kind === kind && wanted(entry as Entry<K>); // its kind was compared
    return (await this.providers.log.waitFor(fits)) as Entry<K>;
  }

  /** Query of the newest socket of a provider. */
  query(provider: ProviderName): Record<string, string> {
    const path = this.entries(provider, 'open').at(-1)?.path ?? '';
    return Object.fromEntries(new URL(path, 'http://x').searchParams);
  }

  async #hangUp(): Promise<void> {
    for (const provider of ['deepgram', 'openai', 'elevenlabs'] as const) this.providers.revive(provider);
    for (const client of this.#clients) client.close();
    await Promise.all(this.#clients.map((client) => client.end()));
    this.#clients = [];
    const { log } = this.providers;
    const opened = log.entries.filter((entry) => entry.kind === 'open');
    await Promise.all(
      opened.map(({ connection }) =>
        log.waitFor((entry) => entry.kind === 'close' && entry.connection === connection),
      ),
    );
    expect(log.invalid).toEqual([]);
    log.clear();
  }
}

function textOf(body: unknown): string {
  const { text = '' } = (body ?? {}) as { readonly text?: string }; // a request of ours, whose schema was checked
  return text;
}

const SPEECH_MS = 600;
const PAUSE_MS = 200;

/** The caller says something, in one chunk that nothing can tear apart; returns from where in the frames its consequences are. */
export function speak(client: WireClient, samplingRate = 16_000): number {
  const from = client.frames.length;
  client.audio(loud(SPEECH_MS, samplingRate), samplingRate, SPEECH_MS);
  client.audio(quiet(PAUSE_MS, samplingRate), samplingRate, PAUSE_MS);
  return from;
}

export function type(client: WireClient, text = QUESTION): number {
  const from = client.frames.length;
  client.send('voicechat.text.input', { text });
  return from;
}

interface Spoken {
  readonly text: string;
  /** Bytes of sound. */
  readonly bytes: number;
}

/** The first reply that is completed after `from`. */
export async function reply(client: WireClient, from: number): Promise<Spoken> {
  const { payload } = await client.next('voicechat.response.complete', from);
  const own = client.frames.filter((frame) => frame.payload['utteranceId'] === payload['utteranceId']);
  const texts = own.filter((frame) => frame.eventType === 'voicechat.response.text');
  const chunks = own.filter((frame) => frame.eventType === 'voicechat.response.chunk');
  return {
    text: texts.map((frame) => frame.payload['text']).join(' '),
    bytes: chunks.reduce((sum, frame) => sum + lengthOf(frame), 0),
  };
}

function lengthOf(frame: WireFrame): number {
  const { audio } = frame.payload;
  if (!(audio instanceof Uint8Array) || audio.byteLength === 0 || audio.byteLength % 2 !== 0)
    throw new Error('a chunk must hold whole samples');
  return audio.byteLength;
}

export async function transcript(client: WireClient, from: number): Promise<unknown> {
  return (await client.next('voicechat.transcript.final', from)).payload['text'];
}

export async function trouble(client: WireClient, from = 0): Promise<unknown> {
  const { code, retryable } = (await client.next('voicechat.error', from)).payload;
  return { code, retryable };
}
