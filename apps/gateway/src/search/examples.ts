import { lengthOf, type CollectionConfig, type PointView } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { checkVector, invalidField } from '@vectorizer/frame';

/** What is to be found is like these, and unlike those. An id stands for the vector of its point. */
export type Examples<Example = string | Float32Array> = {
  readonly positive: readonly Example[];
  readonly negative: readonly Example[];
};
type Config = Pick<CollectionConfig, 'dimension' | 'metric'>;

export function checkExamples(examples: Examples, config: Config): void {
  for (const list of ['positive', 'negative'] as const) {
    for (const [index, example] of examples[list].entries()) {
      if (typeof example !== 'string') checkVector(example, config, `${list}[${index}]`);
    }
  }
}

/** Each once. */
export function idsIn<Id extends string>({ positive, negative }: Examples<Id | Float32Array>): readonly Id[] {
  return [...new Set([...positive, ...negative].filter((example): example is Id => typeof example === 'string'))];
}

/** With the vectors of the points in the place of their ids. */
export function vectorsOf(examples: Examples, points: readonly PointView[]): Examples<Float32Array> {
  const vectors = new Map(points.map(({ id, vector }) => [id, vector]));
  const missing = idsIn(examples).filter((id) => !vectors.has(id));
  if (missing.length > 0) {
    throw new Failure('vector_not_found', `no point has the id ${missing.join(', or ')}`, {
      details: { ids: missing },
    });
  }
  const vectorOf = (example: string | Float32Array): Float32Array => {
    const vector = typeof example === 'string' ? vectors.get(example) : example;
    if (vector === undefined) throw new Failure('internal_error', 'a point was read without its vector');
    return vector;
  };
  return { positive: examples.positive.map(vectorOf), negative: examples.negative.map(vectorOf) };
}

/**
 * The mean of what is wanted, moved away from the mean of what is not by as much as lies between them. Under cosine only
 * directions count, so that a long vector says no more than a short one.
 */
export function targetOf({ positive, negative }: Examples<Float32Array>, config: Config): Float32Array {
  const { dimension, metric } = config;
  const wanted = meanOf(positive, config);
  const unwanted = negative.length === 0 ? wanted : meanOf(negative, config);
  const target = Float32Array.from({ length: dimension }, (_, i) => 2 * (wanted[i] ?? 0) - (unwanted[i] ?? 0));
  if (!target.every(Number.isFinite)) throw invalidField('positive', 'the examples are too large to be added');
  if (metric === 'cosine' && target.every((component) => component === 0)) {
    throw invalidField('positive', 'the examples cancel each other out, which leaves no direction');
  }
  return target;
}

function meanOf(vectors: readonly Float32Array[], { dimension, metric }: Config): Float64Array {
  const mean = new Float64Array(dimension);
  for (const vector of vectors) {
    const length = metric === 'cosine' ? lengthOf(vector) : 1;
    for (let i = 0; i < dimension; i++) mean[i] = (mean[i] ?? 0) + (vector[i] ?? 0) / length / vectors.length;
  }
  return mean;
}
