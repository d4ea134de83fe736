/** One figure over several interleaved rounds. */
export type Spread = { readonly median: number; readonly cv: number; readonly values: readonly number[] };

/** `cv` is the coefficient of variation: standard deviation over mean. */
export function spread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return { median: quantile(values, 0.5), cv: mean === 0 ? 0 : Math.sqrt(variance) / Math.abs(mean), values };
}

/** The value below which the share `q` of the values lies (nearest rank, interpolated). */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const low = sorted[Math.floor(position)] ?? NaN;
  const high = sorted[Math.ceil(position)] ?? NaN;
  return low + (high - low) * (position - Math.floor(position));
}

/** Round by round, so that a drift of the machine's speed cancels. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): Spread {
  return spread(numerators.map((value, round) => value / (denominators[round] ?? NaN)));
}
