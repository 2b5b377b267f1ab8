import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProviders } from '../../src/local/server.ts';
import { quiet, WireClient } from '../support/client.ts';
import { localVariables, startWorker } from '../support/worker.ts';

const FRAME_MS = 20;
const SETTLE_MS = 2000;
const WINDOW_MS = 8000;
const floor = fileURLToPath(new URL('floor-worker.ts', import.meta.url));

/** The CPU that workerd spends on one microphone frame, in microseconds, with so many calls talking at once. */
export async function cpuPerFrame(arm: 'vantum' | 'floor', calls: number): Promise<number> {
  const providers = await startProviders({ mode: 'scripted' });
  const before = new Set(workerds());
  const worker = await startWorker(localVariables(providers.url), arm === 'floor' ? floor : undefined);
  const pid = workerds().find((candidate) => !before.has(candidate));
  if (pid === undefined) throw new Error('no new workerd process was found');
  try {
    const clients = await Promise.all(
      Array.from({ length: calls }, () => WireClient.open(`${worker.socketUrl}/ws`)),
    );
    if (arm === 'vantum') await Promise.all(clients.map((client) => client.start()));
    const talking = talk(clients, SETTLE_MS + WINDOW_MS);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const from = { cpu: cpuMicroseconds(pid), at: performance.now() };
    await talking;
    const frames = (calls * (performance.now() - from.at)) / FRAME_MS;
    const spent = cpuMicroseconds(pid) - from.cpu;
    for (const client of clients) client.close();
    return spent / frames;
  } finally {
    await worker.close();
    await providers.close();
  }
}

/** Every client sends silence in real time, spread evenly over the length of a frame. */
async function talk(clients: readonly WireClient[], forMs: number): Promise<void> {
  const frame = quiet(FRAME_MS);
  const began = performance.now();
  const frames = forMs / FRAME_MS;
  await Promise.all(
    clients.map(async (client, i) => {
      const phase = (i / clients.length) * FRAME_MS;
      for (let n = 0; n < frames; n++) {
        const due = began + phase + n * FRAME_MS;
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
        client.audio(frame);
      }
    }),
  );
}

function workerds(): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes('workerd'));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8');
  } catch {
    return ''; // it has ended since it was listed
  }
}

/** The time all threads of a process have run, from the scheduler's own nanosecond count. */
function cpuMicroseconds(pid: string): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1000;
}
