import { WebSocket } from 'ws';
import { type Config, parseConfig } from '../../../src/config.ts';
import type { CallEvent } from '../../../src/conversation/events.ts';
import { type Providers, startProviders } from '../../../src/local/server.ts';
import type { Fetch, Surroundings } from '../../../src/providers/ports.ts';
import { localVariables } from '../../support/worker.ts';

/** How often a provider under test is told the time, in ms. */
const TICK_MS = 20;
const KEYS = ['DEEPGRAM_API_KEY', 'OPENAI_API_KEY', 'ELEVENLABS_API_KEY'] as const;

/** Whether the contract of a port can be checked against its live vendor; says so when it cannot. */
export function hasKey(name: (typeof KEYS)[number]): boolean {
  const found = (process.env[name] ?? '') !== '';
  if (!found) console.log(`${name} is not set: this contract is checked against the local provider only.`);
  return found;
}

/** The live vendors as the environment configures them; a vendor without a key is not to be used. */
export function liveConfig(): Config {
  return configOf({ ...Object.fromEntries(KEYS.map((key) => [key, 'absent'])), ...process.env });
}

/** Scripted providers on this machine, and the configuration that leads there. */
export async function localVendors(): Promise<{ readonly config: Config; readonly providers: Providers }> {
  const providers = await startProviders({ port: 0, mode: 'scripted' });
  return { config: configOf(localVariables(providers.url)), providers };
}

function configOf(variables: Readonly<Record<string, unknown>>): Config {
  const parsed = parseConfig(variables);
  if ('problems' in parsed) throw new Error(parsed.problems.map(({ message }) => message).join('; '));
  return parsed.config;
}

interface Timed {
  tick(now: number): void;
  close(): void;
}

/** The real world around one provider: real sockets, the real clock, and its news to wait for. */
export class World {
  readonly news: CallEvent[] = [];
  readonly around: Surroundings = {
    fetch: upgradingFetch,
    now: () => Date.now(),
    report: (event) => {
      this.news.push(event);
      this.#wake();
    },
  };
  #wake: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Gives the provider the time, until `end`. */
  run<T extends Timed>(provider: T): T {
    this.#timer = setInterval(() => provider.tick(Date.now()), TICK_MS);
    return provider;
  }

  end(provider: Timed): void {
    provider.close();
    clearInterval(this.#timer);
  }

  all<T extends CallEvent['type']>(type: T): readonly Extract<CallEvent, { type: T }>[] {
    return this.news.filter((event): event is Extract<CallEvent, { type: T }> => event.type === type);
  }

  /** Waits until `count` events of this type have come; fails when a provider failed instead. */
  async until(type: CallEvent['type'], count = 1): Promise<void> {
    while (this.all(type).length < count) {
      const failed = this.news.find((event) => 'failure' in event);
      if (failed !== undefined) throw new Error(JSON.stringify(failed));
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A Worker's `fetch` for Node: an `Upgrade` header makes a WebSocket of the request. */
const upgradingFetch: Fetch = (url, init) => {
  const { upgrade, ...headers } = Object.fromEntries(new Headers(init?.headers));
  if (upgrade === undefined) return fetch(url, init);
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      socket.pause();
      const webSocket = Object.assign(socket, { accept: () => socket.resume() });
      // Only a Worker's Response may have this status and a socket.
      resolve({ status: 101, webSocket } as unknown as Response);
    });
    socket.on('unexpected-response', async (_, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve(new Response(Buffer.concat(chunks), { status: response.statusCode ?? 500 }));
    });
  });
};
