import { Quantization, type Kind } from '@vectorizer/contracts';
import { ResilientGpuIndex } from '../gpu/resilient-gpu-index.ts';
import { QuantizedIndex } from '../quantized/quantized-index.ts';
import { GraphIndex } from './graph-index.ts';
import { NoIndex } from './no-index.ts';
import type { IndexOptions, PointIndex } from './point-index.ts';

const KINDS: Record<Kind, (options: IndexOptions) => PointIndex> = {
  cpu: (options) => new GraphIndex(options),
  gpu: (options) => new ResilientGpuIndex(options),
  quantized: (options) => new QuantizedIndex(options, options.quantization ?? Quantization.parse({})),
};

/** The index of a collection's kind, empty. */
export function createIndex(options: IndexOptions): PointIndex {
  if (options.withoutIndex === true) return new NoIndex();
  return KINDS[options.kind](options);
}
