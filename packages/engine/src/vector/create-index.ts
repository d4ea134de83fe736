import { Quantization } from '@vectorizer/contracts';
import { QuantizedIndex } from '../quantized/quantized-index.ts';
import { GraphIndex } from './graph-index.ts';
import type { IndexOptions, PointIndex } from './point-index.ts';

/** The index of a collection's kind, empty. */
export function createIndex(options: IndexOptions): PointIndex {
  switch (options.kind) {
    case 'cpu':
      return new GraphIndex(options);
    case 'quantized':
      return new QuantizedIndex(options, options.quantization ?? Quantization.parse({}));
  }
}
