import type { CollectionConfig } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { invalidField } from './parse.ts';

type Config = Pick<CollectionConfig, 'dimension' | 'metric'>;

/** What only the collection can say about a vector. Replicas check it too, since foreign producers write to the log. */
export function checkVector(vector: Float32Array, { dimension, metric }: Config, field: string): void {
  if (vector.length !== dimension) {
    throw new Failure('dimension_mismatch', `${field}: expected ${dimension} components, got ${vector.length}`, {
      details: { field, expected: dimension, actual: vector.length },
    });
  }
  if (metric === 'cosine' && vector.every((component) => component === 0)) {
    throw invalidField(field, 'must not be all zeros: under cosine it has no direction');
  }
}
