import type { Hit, Metric } from '@vectorizer/contracts';

type Diverse = { readonly metric: Metric; readonly diversity: number; readonly count: number };

/**
 * Maximal marginal relevance: one after the other the candidate that is near to what was asked, and unlike those that were
 * taken before. `diversity` weighs the second against the first, 0 to 1. Candidates come best first, with their vectors.
 */
export function diverse(candidates: readonly Hit[], { metric, diversity, count }: Diverse): Hit[] {
  const left = candidates.map((hit) => ({
    hit,
    vector: scaled(hit.vector, metric),
    likeTaken: Number.NEGATIVE_INFINITY,
  }));
  const taken: Hit[] = [];
  while (taken.length < count && left.length > 0) {
    const worth = ({ hit, likeTaken }: (typeof left)[number]): number =>
      (1 - diversity) * hit.score - (taken.length === 0 ? 0 : diversity * likeTaken);
    let best = 0;
    for (let i = 1; i < left.length; i++) {
      const [one, other] = [left[i], left[best]];
      if (one !== undefined && other !== undefined && worth(one) > worth(other)) best = i;
    }
    const [chosen] = left.splice(best, 1);
    if (chosen === undefined) break;
    taken.push(chosen.hit);
    for (const each of left) each.likeTaken = Math.max(each.likeTaken, likeness(each.vector, chosen.vector, metric));
  }
  return taken;
}

/** Under cosine of length 1, so that the product of two is their cosine. */
function scaled(vector: Float32Array | undefined, metric: Metric): Float32Array {
  if (vector === undefined) throw new Error('candidates are asked for with their vectors');
  if (metric !== 'cosine') return vector;
  let sum = 0;
  for (const component of vector) sum += component * component;
  const length = Math.sqrt(sum);
  return vector.map((component) => component / length);
}

function likeness(a: Float32Array, b: Float32Array, metric: Metric): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    sum += metric === 'euclidean' ? (x - y) ** 2 : x * y;
  }
  return metric === 'euclidean' ? -Math.sqrt(sum) : sum;
}
