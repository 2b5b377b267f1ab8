import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ScriptInput } from '../../src/local/script/script.ts';
import { type Providers, startProviders } from '../../src/local/server.ts';
import type { LogEntry } from '../../src/local/wire/log.ts';
import { startBareWorker } from '../support/bare-worker.ts';
import { localVariables, type RunningWorker, startWorker } from '../support/worker.ts';
import { Caller } from './caller.ts';
import { noteReadings } from './readings.ts';

/** What is measured: the product, a worker without overlap, or the least a call can be on this platform. */
export type Subject = 'vantum' | 'baseline' | 'floor';

export interface StandOptions {
  readonly subject: Subject;
  readonly script: ScriptInput;
  readonly variables?: Readonly<Record<string, string>>;
  /** In workerd alone, without miniflare's own Workers around it; false if left out. */
  readonly bare?: boolean;
}

/** The calls stay open and the agent keeps quiet while nobody is speaking to it. */
const PATIENT = {
  SPECULATION: 'off',
  IDLE_PROMPT_SECONDS: '3600',
  MAX_CALL_SECONDS: '14400',
  MAX_CALL_TOKENS: '10000000',
};
/** Providers that have had no request for this long have none to come, in ms. */
const QUIET_MS = 700;
/** More than any utterance plays, in ms. */
const ALL_PLAYED_MS = 600_000;

/** A worker in its own workerd beside scripted providers of its own. */
export class Stand {
  readonly subject: Subject;
  readonly providers: Providers;
  readonly worker: RunningWorker;
  /** When the recogniser wrote each interim and final. */
  readonly readings: number[];

  private constructor(subject: Subject, providers: Providers, worker: RunningWorker) {
    this.subject = subject;
    this.providers = providers;
    this.worker = worker;
    this.readings = noteReadings(providers.script);
  }

  static async open({ subject, script, variables, bare = false }: StandOptions): Promise<Stand> {
    const providers = await startProviders({ mode: 'scripted', script });
    const all = { ...localVariables(providers.url), ...PATIENT, ...variables };
    const start = bare ? startBareWorker : startWorker;
    return new Stand(subject, providers, await start(all, entryOf(subject)));
  }

  /** A call that has been greeted. `name` is the prospect's, which the model finds in its prompt. */
  async call(name?: string): Promise<Caller> {
    const query = name === undefined ? '' : `?name=${name}`;
    const wire = this.subject === 'floor' ? 'raw' : 'vantum';
    const caller = await Caller.open(`${this.worker.socketUrl}/ws${query}`, wire);
    caller.send('voicechat.audio.start', { samplingRate: 16_000 });
    if (this.subject !== 'floor') await caller.next('voicechat.audio.start');
    if (this.subject === 'vantum') await this.played(caller, 0);
    return caller;
  }

  /** Waits until all of the agent's turn is sent, and lets it be over: the caller says that it was played. */
  async played(caller: Caller, from: number): Promise<void> {
    const { payload } = await caller.next('voicechat.response.complete', from);
    if (this.subject !== 'vantum') return;
    const { utteranceId } = payload;
    caller.send('voicechat.playback.progress', { utteranceId, playedMs: ALL_PLAYED_MS, ended: true });
    await caller.next(
      (news) => news.type === 'voicechat.turn.metrics' && news.payload['utteranceId'] === utteranceId,
      from,
    );
  }

  /** Waits until no request has come for a while, and forgets what came: a call fetches its fixed lines when it begins. */
  async quiet(...callers: readonly Caller[]): Promise<void> {
    for (let seen = -1; seen !== this.providers.log.entries.length; ) {
      seen = this.providers.log.entries.length;
      await sleep(QUIET_MS);
    }
    for (const caller of callers) caller.arrivals.length = 0;
  }

  /** When a happening of the log was, on the clock of `now`. */
  timeOf(entry: LogEntry): number {
    return this.providers.log.startMs + entry.atMs;
  }

  async close(): Promise<void> {
    await this.worker.close();
    await this.providers.close();
  }
}

/** True for the requests and frames that bring words to the synthesiser. */
export function bringsWords(entry: LogEntry): boolean {
  if (entry.provider !== 'elevenlabs') return false;
  const body = entry.kind === 'request' ? entry.body : entry.kind === 'text' ? entry.frame : undefined;
  return typeof body === 'object' && body !== null && 'text' in body && String(body.text).trim() !== '';
}

/** True for a question to the model. */
export function asksModel(entry: LogEntry): entry is LogEntry & { kind: 'request' } {
  return entry.provider === 'openai' && entry.kind === 'request';
}

function entryOf(subject: Subject): string | undefined {
  return subject === 'vantum' ? undefined : fileURLToPath(new URL(`${subject}-worker.ts`, import.meta.url));
}
