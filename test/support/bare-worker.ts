import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { bundleOf, COMPATIBILITY_DATE, objectsOf, type RunningWorker } from './worker.ts';

type Texts = Readonly<Record<string, string>>;

/** The descriptor on which workerd tells the port it listens on. */
const CONTROL_FD = 3;

/**
 * Starts the Worker's real bundle in workerd alone. Miniflare puts a Worker of its own before and behind the one it
 * runs, which every frame passes; here there is nothing but what the platform runs, and no limits of rates. Another
 * `entry` starts another Worker with a `Session` class in the same way.
 */
export async function startBareWorker(variables: Texts, entry?: string): Promise<RunningWorker> {
  const folder = mkdtempSync(join(tmpdir(), 'vantum-workerd-'));
  mkdirSync(join(folder, 'objects'));
  writeFileSync(join(folder, 'index.js'), await bundleOf(entry));
  writeFileSync(join(folder, 'config.capnp'), configOf(folder, variables, objectsOf(entry)));
  const binary: string = createRequire(import.meta.url)('workerd').default;
  const workerd = spawn(binary, ['serve', `--control-fd=${CONTROL_FD}`, join(folder, 'config.capnp')], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const gone = once(workerd, 'exit');
  const logs: string[] = [];
  // A pipe, as was asked for.
  createInterface({ input: workerd.stdout as Readable }).on('line', (line) => logs.push(messageOf(line)));
  const port = await Promise.race([
    listening(workerd.stdio[CONTROL_FD] as Readable),
    gone.then(() => Promise.reject(new Error('workerd did not start'))),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    socketUrl: `ws://127.0.0.1:${port}`,
    logs,
    close: async () => {
      workerd.kill();
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

async function listening(control: Readable): Promise<number> {
  for await (const line of createInterface({ input: control })) {
    const { event, port } = JSON.parse(line);
    if (event === 'listen') return port;
  }
  throw new Error('workerd told no port');
}

/** What the Worker logged, of a line of structured logging. */
function messageOf(line: string): string {
  try {
    return String(JSON.parse(line).message);
  } catch {
    return line;
  }
}

function configOf(folder: string, variables: Texts, objects: Texts): string {
  const text = JSON.stringify;
  const bindings = [
    ...Object.entries(variables).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
    ...Object.entries(objects).map(
      ([name, className]) => `(name = ${text(name)}, durableObjectNamespace = ${text(className)})`,
    ),
  ];
  const namespaces = Object.values(objects).map(
    (name) => `(className = ${text(name)}, uniqueKey = ${text(name)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "vantum", worker = .vantum),
    (name = "objects", disk = (path = ${text(join(folder, 'objects'))}, writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "vantum")],
  logging = (structuredLogging = true),
);
const vantum :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = ${text(COMPATIBILITY_DATE)},
  bindings = [${bindings.join(', ')}],
  durableObjectNamespaces = [${namespaces.join(', ')}],
  durableObjectStorage = (localDisk = "objects"),
);
`;
}
