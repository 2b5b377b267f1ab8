import type { LatencySummary, Percentiles, TurnMetrics } from '../protocol/replies.ts';

/** How many turns of a call are kept: a thousand turns of 5 s are more than an hour and a quarter of talk by the agent alone. */
export const MAX_TURNS = 1000;

/** How fast the agent of one call was, turn by turn; of a very long call the latest `MAX_TURNS` turns. */
export class Latency {
  readonly #latest: Durations[] = [];
  #turns = 0;

  /** Counts a turn that is over; to be called once a turn. */
  add({ endOfTurnMs, firstTokenMs, firstAudioMs, firstHeardMs }: TurnMetrics): void {
    this.#turns += 1;
    this.#latest.push({ endOfTurnMs, firstTokenMs, firstAudioMs, firstHeardMs });
    if (this.#latest.length > MAX_TURNS) this.#latest.shift();
  }

  /** Percentiles of each duration over the turns that have it, absent where none has. `turns` counts all that were added. */
  summary(): LatencySummary {
    return {
      turns: this.#turns,
      ...this.#percentiles('endOfTurnMs'),
      ...this.#percentiles('firstTokenMs'),
      ...this.#percentiles('firstAudioMs'),
      ...this.#percentiles('firstHeardMs'),
    };
  }

  #percentiles(name: Duration): Partial<Record<Duration, Percentiles>> {
    const sorted = this.#latest.flatMap((durations) => durations[name] ?? []).sort((a, b) => a - b);
    const [p50, p95, max] = [50, 95, 100].map((percent) => nearestRank(sorted, percent));
    if (p50 === undefined || p95 === undefined || max === undefined) return {};
    return { [name]: { p50, p95, max } };
  }
}

/** The percentiles over turns that were stored. */
export function latencyOf(turns: readonly TurnMetrics[]): LatencySummary {
  const latency = new Latency();
  for (const turn of turns) if (turn.turnId !== undefined) latency.add(turn);
  return latency.summary();
}

type Duration = Exclude<keyof LatencySummary, 'turns'>;
type Durations = Readonly<Record<Duration, number | undefined>>;

/** The smallest value that at least `percent` of all values do not exceed; `undefined` of none. */
function nearestRank(sorted: readonly number[], percent: number): number | undefined {
  // Multiplied first: 0.95 has no exact binary form, and a rank must not be rounded up by an error of the last bit.
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1];
}
