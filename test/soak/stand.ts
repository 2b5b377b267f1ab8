import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startBareWorker } from '../support/bare-worker.ts';
import { localVariables, type RunningWorker } from '../support/worker.ts';
import { Workerd } from '../support/workerd.ts';
import type { ProvidersNews } from './providers.ts';

/** Between two looks whether everything is over, in ms. */
const LOOK_MS = 500;
/** An established connection, in the table of the kernel. */
const ESTABLISHED = '01';

/** The Worker in its own workerd beside scripted providers in a process of their own. */
export class Stand {
  readonly worker: RunningWorker;
  readonly workerd: Workerd;
  /** What the providers had to say of frames that break a vendor's schema. */
  readonly warnings: string[];
  readonly #providers: ChildProcess;
  readonly #providersUrl: string;

  private constructor(
    started: { readonly started: RunningWorker; readonly workerd: Workerd },
    providers: { readonly process: ChildProcess; readonly url: string; readonly warnings: string[] },
  ) {
    this.worker = started.started;
    this.workerd = started.workerd;
    this.warnings = providers.warnings;
    this.#providers = providers.process;
    this.#providersUrl = providers.url;
  }

  static async open(): Promise<Stand> {
    const providers = await startProviders();
    try {
      return new Stand(
        await Workerd.startedBy(() => startBareWorker(localVariables(providers.url))),
        providers,
      );
    } catch (problem) {
      providers.process.kill();
      throw problem;
    }
  }

  /** Resolves with the number of connections to the providers that are left: 0 as soon as there is none, or after `patienceMs`. */
  async left(patienceMs: number): Promise<number> {
    const port = Number(new URL(this.#providersUrl).port);
    for (const deadline = Date.now() + patienceMs; connectionsTo(port) > 0 && Date.now() < deadline; )
      await sleep(LOOK_MS);
    return connectionsTo(port);
  }

  /** How many lines of each event, and kind of failure, the Worker has logged, and the sessions whose end it has logged, one for each line. */
  get logged(): { readonly events: ReadonlyMap<string, number>; readonly ended: readonly string[] } {
    const events = new Map<string, number>();
    const ended: string[] = [];
    for (const line of this.worker.logs) {
      const { event, kind, sessionId } = fieldsOf(line);
      const name = kind === undefined ? event : `${event} (${kind})`;
      events.set(name, (events.get(name) ?? 0) + 1);
      if (event === 'call.ended') ended.push(sessionId);
    }
    return { events, ended };
  }

  async close(): Promise<void> {
    await this.worker.close();
    this.#providers.kill();
  }
}

async function startProviders(): Promise<{ process: ChildProcess; url: string; warnings: string[] }> {
  const warnings: string[] = [];
  const process = fork(fileURLToPath(new URL('providers.ts', import.meta.url)));
  // Our own entry sends nothing else, and an exit's code is no news.
  const [first] = (await Promise.race([once(process, 'message'), once(process, 'exit')])) as [unknown];
  if (!isStart(first)) throw new Error('the providers did not start');
  process.on('message', (news: ProvidersNews) => {
    if ('warning' in news) warnings.push(news.warning);
  });
  return { process, url: first.url, warnings };
}

function isStart(news: unknown): news is { readonly url: string } {
  return typeof news === 'object' && news !== null && 'url' in news;
}

/** The established connections of this machine to a port of 127.0.0.1. Linux only: it reads /proc. */
function connectionsTo(port: number): number {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , to, state]) => to === remote && state === ESTABLISHED).length;
}

/** workerd's own notices, which a Worker cannot keep from its log, begin so. */
const RUNTIME_NOTICE = /^NOSENTRY /;

function fieldsOf(line: string): { event: string; kind: string | undefined; sessionId: string } {
  try {
    const { event, kind, sessionId } = JSON.parse(line);
    return { event: String(event), kind: kind?.toString(), sessionId: String(sessionId) };
  } catch {
    if (RUNTIME_NOTICE.test(line)) return { event: 'workerd', kind: line.slice(9, 80), sessionId: '' };
    return { event: 'not a log line', kind: line.slice(0, 80), sessionId: '' };
  }
}
