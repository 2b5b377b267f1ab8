import { type ChildProcess, spawn } from 'node:child_process';

/** What `wrangler dev` is told. */
export interface WranglerOptions {
  readonly port: number;
  /** The file its variables come from, in the place of `.dev.vars`. */
  readonly envFile: string;
  /** The folder that keeps what its objects store; `.wrangler` beside the configuration when left out. */
  readonly persistTo?: string;
  /** Where its output goes: to ours, or to the reader of a pipe. */
  readonly output?: 'inherit' | 'pipe';
}

/** Between two looks whether the Worker answers, in ms. */
const LOOK_MS = 200;

/** Starts the Worker under `wrangler dev` on 127.0.0.1, as the leader of a process group of its own. */
export function startWrangler({
  port,
  envFile,
  persistTo,
  output = 'inherit',
}: WranglerOptions): ChildProcess {
  const listening = ['--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0'];
  const kept = persistTo === undefined ? [] : ['--persist-to', persistTo];
  const quiet = { CI: '1', WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' };
  // A group of its own, so that Ctrl-C reaches it once, through us, and nothing of it outlives us.
  return spawn('wrangler', ['dev', ...listening, '--env-file', envFile, ...kept], {
    stdio: ['ignore', output, output],
    env: { ...process.env, ...quiet },
    detached: true,
  });
}

/** True as soon as the Worker answers on `port`; false when `ended` settles before. */
export async function healthy(port: number, ended: Promise<unknown>): Promise<boolean> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  while (!over) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}
