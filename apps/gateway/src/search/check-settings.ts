import type { CollectionConfig, SearchSpec } from '@vectorizer/contracts';
import { invalidField } from '@vectorizer/frame';

/** Refuses what a search sets and a collection of its kind does not have, rather than searching without it. */
export function checkSettings(
  { ef, exact, quantization }: Pick<SearchSpec, 'ef' | 'exact' | 'quantization'>,
  { kind, quantization: own }: Pick<CollectionConfig, 'kind' | 'quantization'>,
  where = '',
): void {
  if (kind === 'quantized' && ef !== undefined) {
    throw invalidField(`${where}ef`, 'this collection is of kind quantized, which has no graph');
  }
  if (quantization === undefined) return;
  const field = `${where}quantization`;
  if (kind !== 'quantized') throw invalidField(field, `this collection is of kind ${kind}, not quantized`);
  if (exact === true) throw invalidField(field, 'an exact search reads the vectors themselves');
  if (quantization.oversampling !== undefined && !(quantization.rescore ?? own?.rescore)) {
    throw invalidField(`${field}.oversampling`, 'only a search that rescores has one, which this collection does not');
  }
}
