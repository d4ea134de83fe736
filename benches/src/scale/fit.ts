import { quantile } from '../outcome/statistics.ts';

/** A measured point: `x` is what was chosen, `y` what it came to. */
export type Sample = { readonly x: number; readonly y: number };

/** How a cost grows: with `x` itself, or with its logarithm, by powers of e. */
export type Growth = 'linear' | 'logarithmic';

/** `y = a + b · x`, or `y = a + b · ln x`. */
export type Fit = {
  readonly growth: Growth;
  readonly a: number;
  readonly b: number;
  /** Root of the mean square of what the fit is off, as a share of what was measured. */
  readonly residual: number;
};

/**
 * By least squares of relative errors, so that the smallest size, a hundredth of the largest, counts as much. Takes two
 * samples or more, of different `x`, with `y` above 0.
 */
export function fit(samples: readonly Sample[], growth: Growth): Fit {
  if (samples.some(({ y }) => !(y > 0))) throw new Error('only what is above 0 can be fitted by its relative error');
  const weighted = samples.map(({ x, y }) => ({ x: scale(x, growth), y, weight: 1 / (y * y) }));
  const mean = (of: (sample: Sample) => number): number =>
    sum(weighted.map((sample) => sample.weight * of(sample))) / sum(weighted.map(({ weight }) => weight));
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spreadX = mean(({ x }) => (x - meanX) ** 2);
  if (!(spreadX > 0)) throw new Error('a line needs two different sizes at least');
  const b = mean(({ x, y }) => (x - meanX) * (y - meanY)) / spreadX;
  const line = { growth, a: meanY - b * meanX, b };
  const off = samples.map(({ x, y }) => (predict(line, x) / y - 1) ** 2);
  return { ...line, residual: Math.sqrt(sum(off) / off.length) };
}

export function predict({ growth, a, b }: Omit<Fit, 'residual'>, x: number): number {
  return a + b * scale(x, growth);
}

/** The median of the slopes between any two samples (Theil and Sen): a single sample far off does not turn it. */
export function slope(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((from, i) =>
    samples.slice(i + 1).flatMap((to) => (to.x === from.x ? [] : [(to.y - from.y) / (to.x - from.x)])),
  );
  return quantile(slopes, 0.5);
}

function scale(x: number, growth: Growth): number {
  return growth === 'linear' ? x : Math.log(x);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
