import type { Quantization } from './collections.ts';
import type { Filter } from './filter.ts';
import type { CallOptions } from './options.ts';
import type { FieldsInput, Point, VectorInput, Warning } from './points.ts';

/** How a search may be answered from the cache. */
export type CacheInput = {
  /**
   * An answer that newer writes have overtaken will do if it was computed no longer ago than this. Not one from before what
   * this client has seen, which soon is newer than all that is kept, unless it asks for `eventual` as well.
   */
  readonly max_staleness_ms?: number | undefined;
};
export type SearchOptions = CallOptions & {
  /** False: it is searched for, whatever is cached. */
  readonly cache?: boolean | undefined;
};
export type SearchInput = FieldsInput & {
  readonly vector: VectorInput;
  /** 10 unless given. */
  readonly k?: number | undefined;
  readonly ef?: number | undefined;
  /** Scans instead of asking the graph. */
  readonly exact?: boolean | undefined;
  /** In place of what the collection has; of a collection of kind `quantized`. */
  readonly quantization?: Pick<Partial<Quantization>, 'rescore' | 'oversampling'> | undefined;
  readonly filter?: Filter | undefined;
  readonly score_threshold?: number | undefined;
};
/** Points of the collection by their ids, and vectors. */
export type RecommendInput = Omit<SearchInput, 'vector'> & {
  readonly positive: readonly (string | VectorInput)[];
  readonly negative?: readonly (string | VectorInput)[] | undefined;
};

/** Higher scores are better for every metric. */
export type Hit = Point & { readonly score: number };
export type SearchResult = { readonly hits: readonly Hit[]; readonly warnings?: readonly Warning[] };
/** How the answer came about; of what was kept of it, the oldest part was computed `ageMs` ago. */
export type CacheUse = { readonly status: 'hit' | 'miss' | 'bypass'; readonly ageMs?: number };
/** The collections have their own names here, also when they were asked for by aliases. */
export type SearchManyResult = {
  readonly hits: readonly (Hit & { readonly collection: string })[];
  /** In the order in which they were asked. */
  readonly collections: readonly {
    readonly collection: string;
    readonly sequences: readonly number[];
    readonly cache?: { readonly status: CacheUse['status']; readonly age_ms?: number };
    readonly warnings?: readonly Warning[];
  }[];
};
