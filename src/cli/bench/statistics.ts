// What is said about repeated measurements. Medians, because a machine that others use too is slow now and then, never
// too fast; minimum and maximum, to show how much it varied.

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Measurements. */
  readonly runs: number;
}

/** @throws RangeError for no values */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('there is no median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1], runs: sorted.length };
}

export const medianOf = (values: readonly number[]): number => spread(values).median;
