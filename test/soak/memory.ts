import { now } from '../../src/local/wire/clock.ts';
import type { Workerd } from '../support/workerd.ts';

const EVERY_MS = 5000;
/** Until then caches fill and the collector finds its measure, in ms: no part of the slope. */
const WARM_UP_MS = 90_000;
/** A slope over less than this says nothing, in ms. */
const SHORTEST_MS = 60_000;
const MINUTE_MS = 60_000;

/** The resident memory at a time, in ms since the watch began. */
export interface Reading {
  readonly atMs: number;
  readonly kib: number;
}

/** Watches the resident memory of a workerd from the moment it is made. */
export class Memory {
  readonly #workerd: Workerd;
  readonly #began = now();
  readonly #readings: Reading[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(workerd: Workerd) {
    this.#workerd = workerd;
    this.#read();
    this.#timer = setInterval(() => this.#read(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#read();
  }

  /** The readings at the start, after every minute, and at the end, in KiB. */
  get minutes(): readonly number[] {
    const marks = this.#readings.filter(
      ({ atMs }, i) =>
        i === 0 || Math.floor(atMs / MINUTE_MS) > Math.floor((this.#readings[i - 1]?.atMs ?? 0) / MINUTE_MS),
    );
    const last = this.#readings.at(-1);
    return [...marks, ...(last === undefined || marks.includes(last) ? [] : [last])].map(({ kib }) => kib);
  }

  /** How fast it grows after the warm-up, in KiB a minute; undefined after too short a time. */
  get slope(): number | undefined {
    return slopeOf(this.#readings.filter(({ atMs }) => atMs >= WARM_UP_MS));
  }

  #read(): void {
    this.#readings.push({ atMs: now() - this.#began, kib: this.#workerd.residentKib() });
  }
}

/** The line of least squares through the readings, in KiB a minute; undefined if they span less than a minute. */
export function slopeOf(readings: readonly Reading[]): number | undefined {
  const [first, last] = [readings.at(0), readings.at(-1)];
  if (first === undefined || last === undefined || last.atMs - first.atMs < SHORTEST_MS) return undefined;
  const mean = (of: (reading: Reading) => number) =>
    readings.reduce((sum, one) => sum + of(one), 0) / readings.length;
  const [meanAt, meanKib] = [mean(({ atMs }) => atMs), mean(({ kib }) => kib)];
  const rise = mean(({ atMs, kib }) => (atMs - meanAt) * (kib - meanKib));
  return (MINUTE_MS * rise) / mean(({ atMs }) => (atMs - meanAt) ** 2);
}
