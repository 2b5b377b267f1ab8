/** `npm run providers`: the local providers alone, with real engines or, asked for by `--scripted`, a script. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { portFrom, portProblem } from './port.ts';
import type { ScriptInput } from './script/script.ts';
import { type Providers, startProviders } from './server.ts';

const DEFAULT_PORT = 8788;
const USAGE = 'npm run providers -- [--scripted] [--script <file.json>] [--control]';

try {
  await run();
} catch (problem) {
  console.error(`vantum: ${problem instanceof Error ? problem.message : String(problem)}`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const port = portFrom(process.env, 'PROVIDERS_PORT', DEFAULT_PORT);
  const { scripted, script, control } = readArguments();
  const stopped = stopSignal();
  const providers = scripted ? await scriptedProviders(port, script, control) : await withEngines(port);
  announce(providers, scripted);
  await stopped;
  await providers.close();
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** Loaded only here, so that a script needs no engine. */
async function withEngines(port: number): Promise<Providers> {
  const { realProviders } = await import('./real.ts');
  return realProviders(port);
}

interface Arguments {
  readonly scripted: boolean;
  readonly script: string | undefined;
  readonly control: boolean;
}

function readArguments(): Arguments {
  const options = {
    scripted: { type: 'boolean' },
    script: { type: 'string' },
    control: { type: 'boolean' },
  } as const;
  try {
    const { values } = parseArgs({ options, strict: true });
    const scripted = values.scripted ?? (values.script !== undefined || isOn('PROVIDERS_SCRIPTED'));
    return { scripted, script: values.script, control: values.control ?? false };
  } catch (problem) {
    throw new Error(`${problem instanceof Error ? problem.message : String(problem)}\nUsage: ${USAGE}`);
  }
}

function isOn(name: string): boolean {
  const text = process.env[name]?.trim() ?? '';
  if (text === '' || text === '0' || text === 'false') return false;
  if (text === '1' || text === 'true') return true;
  throw new Error(`${name}: 1, true, 0 or false is accepted, got ${JSON.stringify(text)}`);
}

async function scriptedProviders(
  port: number,
  file: string | undefined,
  control: boolean,
): Promise<Providers> {
  // The server reads it by the schema and throws when it does not fit.
  const script = (file === undefined ? {} : JSON.parse(await readFile(file, 'utf8'))) as ScriptInput;
  try {
    return await startProviders({ port, mode: 'scripted', script, control });
  } catch (problem) {
    throw portProblem(problem, port);
  }
}

function announce({ url }: Providers, scripted: boolean): void {
  const who = scripted
    ? ['The recogniser, the model and the synthesiser are a script: nothing is recognised or spoken.']
    : [
        'Listening: soundswallower with a closed vocabulary of sales talk; other words are forced onto it.',
        'Answering: a scripted sales agent, not a language model.',
        'Speaking:  flite.',
      ];
  const places = ['/deepgram', '/openai/v1', '/elevenlabs', '/health'].map((path) => `  ${url}${path}`);
  console.log([`Local providers on this machine only:`, ...places, ...who].join('\n'));
}
