import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ownPackage from '../../package.json' with { type: 'json' };
import type { AgentReply } from './agent/agent.ts';
import { deepgram } from './deepgram/vendor.ts';
import { elevenlabs } from './elevenlabs/vendor.ts';
import { engineSources } from './engine-sources.ts';
import type { RecogniserEngine, SynthesiserEngine } from './engines/ports.ts';
import { type Fault, type ProviderName, parseFault } from './faults.ts';
import { openai } from './openai/vendor.ts';
import type { Script, ScriptInput } from './script/script.ts';
import { scriptedSources } from './script/sources.ts';
import { Stage } from './script/stage.ts';
import type { ChatMessage, Sources } from './sources.ts';
import { Switchboard } from './switchboard.ts';
import { defaultTimings, type Timings } from './timings.ts';
import { WireLog } from './wire/log.ts';

interface CommonOptions {
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  /** Faults, and in scripted mode what is heard, said and sounded. */
  readonly script?: ScriptInput;
  /** Opens `PUT /script`, `GET /log` and the other routes of `control.ts` to anyone on this machine. */
  readonly control?: boolean;
  /** Shorter timeouts for tests. */
  readonly timings?: Partial<Timings>;
  /** Gets a line for every client message that breaks a vendor's schema; prints it when absent. */
  readonly warn?: (line: string) => void;
}

export interface ScriptedOptions extends CommonOptions {
  readonly mode: 'scripted';
}

export interface RealOptions extends CommonOptions {
  readonly mode: 'real';
  readonly recogniser: RecogniserEngine;
  readonly synthesiser: SynthesiserEngine;
  /** Writes the agent's next turn. */
  readonly reply: (messages: readonly ChatMessage[]) => AgentReply;
}

/** Running local providers. */
export interface Providers {
  /** `http://127.0.0.1:<port>`; the vendors are below `/deepgram`, `/openai/v1` and `/elevenlabs`. */
  readonly url: string;
  /** The script being played. Set a new one to begin from its first line; it may also be changed in place. */
  get script(): Script;
  set script(input: ScriptInput);
  readonly log: WireLog;
  /** Sockets that are open or being opened, and requests that are not answered yet. */
  readonly connected: number;
  /** Cuts all connections of a provider and every new one until `revive`. */
  kill(provider: ProviderName): void;
  revive(provider: ProviderName): void;
  /** Lets a fault happen to every open connection of its provider: at once, or at its moment counted from now. */
  strike(fault: Fault): void;
  /** Ends everything: connections, timers, engines. */
  close(): Promise<void>;
}

/**
 * Starts the three vendors on 127.0.0.1. Rejects with Node's error when the port is taken, and with an `Error`
 * naming the wrong field when the script is not usable. The engines given are closed by `close`.
 */
export async function startProviders(options: ScriptedOptions | RealOptions): Promise<Providers> {
  const stage = new Stage();
  if (options.script) stage.script = options.script;
  const timings = { ...defaultTimings, ...options.timings };
  const sources = options.mode === 'scripted' ? scriptedSources(stage) : engineSources(options);
  const log = new WireLog(options.warn ?? ((line) => console.warn(line)));
  const vendors = {
    deepgram: deepgram(sources, timings),
    openai: openai(sources),
    elevenlabs: elevenlabs(sources, timings),
  };
  const board = new Switchboard(vendors, stage, log, about(options.mode, sources));
  const { url, stop } = await listen(board, options.port ?? 0);
  const providers: Providers = {
    url,
    get script(): Script {
      return stage.script;
    },
    set script(input: ScriptInput) {
      stage.script = input;
    },
    log,
    get connected(): number {
      return board.connected;
    },
    kill: (provider) => board.kill(provider),
    revive: (provider) => board.revive(provider),
    strike: (fault) => board.strike(parseFault(fault)),
    close: async () => {
      board.close();
      await stop();
      if (options.mode === 'real')
        await Promise.all([options.recogniser.close(), options.synthesiser.close()]);
    },
  };
  if (options.control) board.control = providers;
  return providers;
}

/** What `GET /health` tells beside its status. */
function about(mode: 'scripted' | 'real', { named, voices }: Sources): object {
  const versions = { vantum: ownPackage.version, node: process.versions.node };
  return { mode, engines: named, voices: voices.map((voice) => voice.id), versions };
}

async function listen(board: Switchboard, port: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const connections = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 5_000 });
  server.on('connection', (socket) => {
    socket.setNoDelay(true);
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) =>
    board.request(request, response),
  );
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    board.upgrade(request, socket, head),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  // A server that listens on TCP has an address with a port.
  const { port: bound } = server.address() as AddressInfo;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of connections) socket.destroy();
    });
  return { url: `http://127.0.0.1:${bound}`, stop };
}
