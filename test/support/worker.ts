import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';

/** That of `wrangler.toml`. */
export const COMPATIBILITY_DATE = '2026-10-01';

const product = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

/** The Worker in workerd, listening on a free port of 127.0.0.1. */
export interface RunningWorker {
  readonly url: string;
  readonly socketUrl: string;
  /** Everything the Worker has logged, line by line. */
  readonly logs: readonly string[];
  close(): Promise<void>;
}

const bundles = new Map<string, Promise<string>>();

/**
 * Starts the Worker's real bundle in workerd with the given variables; the rest of the world is reached by real
 * sockets. Another `entry` starts another Worker with a `Session` class in the same way. `rates` are the limits of the
 * bindings of these names, in requests a minute; without any, nothing is limited.
 */
export async function startWorker(
  variables: Readonly<Record<string, string>>,
  entry: string = product,
  rates: Readonly<Record<string, number>> = {},
): Promise<RunningWorker> {
  const logs: string[] = [];
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: 'vantum',
      modules: [{ type: 'ESModule', path: 'index.js', contents: await bundleOf(entry) }],
      compatibilityDate: COMPATIBILITY_DATE,
      durableObjects: Object.fromEntries(
        Object.entries(objectsOf(entry)).map(([name, className]) => [name, { className, useSQLite: true }]),
      ),
      bindings: { ...variables },
      ratelimits: Object.fromEntries(
        Object.entries(rates).map(([name, limit]) => [
          name,
          { namespace_id: name, simple: { limit, period: 60 } },
        ]),
      ),
      cf: false,
      host: '127.0.0.1',
      port: 0,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: ({ message }) => {
        logs.push(message);
      },
    }),
  );
  const { origin } = await miniflare.ready;
  return { url: origin, socketUrl: origin.replace('http', 'ws'), logs, close: () => miniflare.dispose() };
}

/** The variables that point every provider at `url`, a server of the local providers, and let callers of this machine in. */
export function localVariables(url: string): Readonly<Record<string, string>> {
  return {
    OPEN_ON_LOCALHOST: 'on',
    DEEPGRAM_BASE_URL: `${url}/deepgram`,
    // Scripted recognisers take audio as fast as tests send it.
    DEEPGRAM_REPLAY_SPEED: '10',
    OPENAI_BASE_URL: `${url}/openai/v1`,
    ELEVENLABS_BASE_URL: `${url}/elevenlabs`,
  };
}

/** The classes of a Worker's Durable Objects, all with SQLite, by the names of their bindings. */
export function objectsOf(entry: string = product): Readonly<Record<string, string>> {
  return { SESSIONS: 'Session', ...(entry === product ? { SEATS: 'Seats' } : {}) };
}

/** The Worker as one module; made once of each entry. */
export async function bundleOf(entry: string = product): Promise<string> {
  const bundled = bundles.get(entry) ?? bundle(entry);
  bundles.set(entry, bundled);
  return bundled;
}

async function bundle(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2023',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    write: false,
  });
  const [output] = result.outputFiles;
  if (output === undefined) throw new Error(`esbuild made no bundle of ${entry}`);
  return output.text;
}
