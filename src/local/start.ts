/** `npm start`: the Worker under `wrangler dev`, with local providers in the place of every vendor that has no key. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { parseConfig } from '../config.ts';
import { portFrom } from './port.ts';
import { realProviders } from './real.ts';
import type { Providers } from './server.ts';
import { healthy, startWrangler } from './wrangler.ts';

const DEFAULT_PORT = 8787;
const DEFAULT_PROVIDERS_PORT = 8788;
/** How long wrangler may take to stop before it is killed, in ms. */
const STOP_MS = 5000;

const VENDORS = [
  { prefix: 'DEEPGRAM', path: '/deepgram', part: 'Recogniser' },
  { prefix: 'OPENAI', path: '/openai/v1', part: 'Model' },
  { prefix: 'ELEVENLABS', path: '/elevenlabs', part: 'Synthesiser' },
] as const;

type Variables = Record<string, string>;

try {
  await start();
} catch (error) {
  console.error(`vantum: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function start(): Promise<void> {
  const port = portFrom(process.env, 'PORT', DEFAULT_PORT);
  const providersPort = portFrom(process.env, 'PROVIDERS_PORT', DEFAULT_PROVIDERS_PORT);
  const variables = await readVariables();
  const local = VENDORS.filter(
    ({ prefix }) => !variables[`${prefix}_API_KEY`] && !variables[`${prefix}_BASE_URL`],
  );
  const stopping = stopSignal();
  const providers = local.length === 0 ? undefined : await realProviders(providersPort);
  for (const { prefix, path } of local) variables[`${prefix}_BASE_URL`] = `${providers?.url}${path}`;
  variables['OPEN_ON_LOCALHOST'] ??= 'on';
  try {
    refuseProblems(variables);
    await serve(port, variables, providers, stopping);
  } finally {
    await providers?.close();
  }
}

/** `.dev.vars`, overridden by the environment; empty values count as absent. */
async function readVariables(): Promise<Variables> {
  const file = await readFile('.dev.vars', 'utf8').catch(() => '');
  const known = (await readFile('.dev.vars.example', 'utf8')).match(/^[A-Z_]+(?==)/gm) ?? [];
  const all: Record<string, string | undefined> = { ...parseEnv(file), ...pick(process.env, known) };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => !!entry[1]?.trim()),
  );
}

function pick(environment: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])));
}

function refuseProblems(variables: Variables): void {
  const parsed = parseConfig(variables);
  if (!('problems' in parsed)) return;
  throw new Error(
    ['the configuration is not complete:', ...parsed.problems.map((problem) => `  ${problem.message}`)].join(
      '\n',
    ),
  );
}

async function serve(
  port: number,
  variables: Variables,
  providers: Providers | undefined,
  stopping: Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'vantum-'));
  try {
    const envFile = join(folder, 'variables.env');
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    // Keys go through a file that only this user can read: a command line is visible to everyone.
    await writeFile(envFile, `${lines.join('\n')}\n`, { mode: 0o600 });
    const wrangler = startWrangler({ port, envFile });
    const ended = once(wrangler, 'exit');
    const ready = healthy(port, ended);
    if (await ready) announce(port, variables, providers);
    const [code] = (await Promise.race([ended, stopping.then(() => [undefined])])) as [number | undefined];
    if (code !== undefined) process.exitCode = code || 1;
    await stop(wrangler, ended);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function announce(port: number, variables: Variables, providers: Providers | undefined): void {
  const places = VENDORS.map(({ prefix, part }) => {
    const local = variables[`${prefix}_BASE_URL`]?.startsWith(providers?.url ?? 'none') ?? false;
    return `  ${part.padEnd(12)} ${local ? 'on this machine' : (variables[`${prefix}_BASE_URL`] ?? 'at the vendor')}`;
  });
  console.log(['', `Vantum is at http://localhost:${port}`, ...places, doorWords(variables), ''].join('\n'));
}

function doorWords(variables: Variables): string {
  if (variables['OPEN_ON_LOCALHOST'] === 'on') return 'It is open to this machine only, no ticket needed.';
  if (variables['API_KEYS'] === undefined) return 'It is closed: set API_KEYS, or OPEN_ON_LOCALHOST=on.';
  return 'A caller needs a ticket: POST /v1/sessions with a key of API_KEYS.';
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

async function stop(wrangler: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (wrangler.exitCode !== null || wrangler.pid === undefined) return;
  wrangler.kill('SIGTERM');
  const killer = setTimeout(() => process.kill(-(wrangler.pid ?? 0), 'SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(killer);
}
