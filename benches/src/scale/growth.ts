import { once, type Result } from '../outcome/result.ts';
import { fit, predict, type Growth, type Sample } from './fit.ts';

/**
 * How each cost is taken to grow with the points of a replica. A graph is descended, so searching and inserting go with
 * the logarithm; all else is held, written or read once for each point.
 */
const GROWTH = [
  { what: 'search_us', growth: 'logarithmic' },
  { what: 'insert_us', growth: 'logarithmic' },
  { what: 'memory_mb', growth: 'linear' },
  { what: 'disk_mb', growth: 'linear' },
  { what: 'restart_s', growth: 'linear' },
] as const satisfies readonly { readonly what: string; readonly growth: Growth }[];

/** Fewer would leave nothing to predict. */
const SIZES_MIN = 3;

/**
 * For each cost, of all sizes: `.a`, `.b` and `.residual`; and what the sizes below the largest predict for that, over
 * what was measured there: `.predicted_share`. `prefix`: of the figures of the sizes, which go on with `.n1000.search_us`.
 */
export function fittedGrowth(results: readonly Result[], prefix: string): Result[] {
  return GROWTH.flatMap(({ what, growth }) => {
    const samples = samplesOf(results, { prefix, what });
    const [largest] = samples.slice(-1);
    if (samples.length < SIZES_MIN || largest === undefined) return [];
    const name = `scale.fit.${what}`;
    const all = fit(samples, growth);
    const foreseen = predict(fit(samples.slice(0, -1), growth), largest.x) / largest.y;
    const unit = what.slice(what.lastIndexOf('_') + 1);
    return [
      once(`${name}.a`, unit, all.a),
      once(`${name}.b`, growth === 'linear' ? `${unit}/point` : `${unit}/ln`, all.b),
      once(`${name}.residual`, 'ratio', all.residual),
      once(`${name}.predicted_share`, 'ratio', foreseen),
    ];
  });
}

/** Smallest first. */
function samplesOf(
  results: readonly Result[],
  { prefix, what }: { readonly prefix: string; readonly what: string },
): Sample[] {
  const found = results.flatMap(({ name, value }) => {
    const size = name.startsWith(`${prefix}.n`) && name.endsWith(`.${what}`) ? sizeIn(name, prefix) : undefined;
    return size === undefined ? [] : [{ x: size, y: value }];
  });
  return found.toSorted((a, b) => a.x - b.x);
}

function sizeIn(name: string, prefix: string): number {
  return Number.parseInt(name.slice(prefix.length + '.n'.length), 10);
}
