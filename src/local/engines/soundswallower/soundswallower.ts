import { Worker } from 'node:worker_threads';
import type { RecogniserEngine, RecogniserNews } from '../ports.ts';
import type { RecogniserAnswer, RecogniserOrder, RecogniserSettings } from './recogniser-thread.ts';

export type { RecogniserSettings } from './recogniser-thread.ts';

/**
 * Starts the soundswallower recogniser (English, 8 kHz telephone model) in a thread of its own; resolves when it has
 * compiled its grammar and can listen. One thread serves many streams. Opening a stream rejects after `close`.
 */
export async function createSoundswallower(settings: RecogniserSettings = {}): Promise<RecogniserEngine> {
  const worker = new Worker(new URL('./recogniser-thread.ts', import.meta.url), { workerData: settings });
  const streams = new Map<number, StreamEnds>();
  let lastId = 0;
  let closed: Error | undefined;
  const order = (message: RecogniserOrder): void => worker.postMessage(message);
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (reason: Error): void => {
      closed = reason;
      reject(reason);
      for (const { refused } of streams.values()) refused(reason);
      streams.clear();
    };
    worker.on('message', (answer: RecogniserAnswer) => {
      if (answer.type === 'ready') resolve();
      else deliver(streams, answer);
    });
    worker.on('error', fail);
    worker.on('exit', () => fail(closed ?? new Error('the recogniser was closed')));
  });
  await ready;
  return {
    async open({ keyterms }, report) {
      if (closed !== undefined) throw closed;
      const id = ++lastId;
      await new Promise<void>((opened, refused) => {
        streams.set(id, { report, opened, refused });
        order({ type: 'open', id, keyterms });
      });
      return {
        write: (samples) => order({ type: 'write', id, samples }),
        endSegment: () => order({ type: 'endSegment', id }),
        close() {
          if (streams.delete(id)) order({ type: 'close', id });
        },
      };
    },
    async close() {
      await worker.terminate();
    },
  };
}

interface StreamEnds {
  report(news: RecogniserNews): void;
  opened(): void;
  refused(reason: Error): void;
}

function deliver(
  streams: Map<number, StreamEnds>,
  answer: Exclude<RecogniserAnswer, { readonly type: 'ready' }>,
): void {
  const stream = streams.get(answer.id);
  switch (answer.type) {
    case 'opened':
      stream?.opened();
      return;
    case 'refused':
      streams.delete(answer.id);
      stream?.refused(new Error(answer.error));
      return;
    case 'news':
      stream?.report(answer.news);
      return;
    default:
      answer satisfies never;
  }
}
