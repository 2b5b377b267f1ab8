/** How a set of figures lies: nearest-rank percentiles, and how far the slow ones are from the middle. */
export interface Spread {
  readonly n: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** p95 - p50. */
  readonly spread: number;
}

/** The spread of `values`, in their unit, to three digits; without values every figure is absent. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => nearestRank(sorted, share));
  if (p50 === undefined || p95 === undefined || max === undefined) return undefined;
  return {
    n: values.length,
    p50: rounded(p50),
    p95: rounded(p95),
    max: rounded(max),
    spread: rounded(p95 - p50),
  };
}

export function mean(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : rounded(values.reduce((sum, value) => sum + value, 0) / values.length);
}

/** To `digits` digits behind the point. */
export function rounded(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}

function nearestRank(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
