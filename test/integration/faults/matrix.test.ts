import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningWorker, startWorker } from '../../support/worker.ts';
import { leftIn } from './call.ts';
import { play } from './scene.ts';
import { cells } from './table.ts';

/** Watchdogs take seconds, so cells run side by side; more than this, and a small machine is late for its own audio. */
const SIDE_BY_SIDE = 24;

vi.setConfig({ maxConcurrency: SIDE_BY_SIDE, testTimeout: 120_000 });

let started: RunningWorker | undefined;
beforeAll(async () => {
  started = await startWorker({}, fileURLToPath(new URL('worker.ts', import.meta.url)));
});
afterAll(() => started?.close());

function worker(): RunningWorker {
  if (started === undefined) throw new Error('the Worker is started by beforeAll');
  return started;
}

describe('a fault of a provider', () => {
  for (const cell of cells) {
    it.concurrent(`${cell.name}: ${cell.outcome}`, () => play(cell, worker()));
  }
});

describe('afterwards', () => {
  it('no call has left a timer behind', async () => {
    expect((await leftIn(worker(), 'nobody')).timers).toEqual([]);
  });

  it('nothing was a bug', () => {
    expect(worker().logs.filter((line) => /call\.bug|archive\.failed/.test(line))).toEqual([]);
  });
});
