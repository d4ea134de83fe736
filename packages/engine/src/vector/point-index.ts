import type { Kind, Quantization, ReplicaReport, SearchQuantization } from '@vectorizer/contracts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Found } from './ranking.ts';
import type { GraphParameters } from './graph-file.ts';

/** What an index of any kind is made with. */
export type IndexOptions = GraphParameters & {
  readonly kind: Kind;
  /** Nothing is searched. */
  readonly withoutIndex?: boolean;
  /** Of a quantized collection; absent, its defaults. */
  readonly quantization?: Quantization | undefined;
  /** Where the index is saved; must exist. What is there is a cache of the points. */
  readonly directory: string;
  /** The present vector of a point, as stored. */
  readonly vectorOf: (id: string) => Float32Array | undefined;
  /** Where a gpu collection finds its device; without it, it is searched on the processor. */
  readonly gpu?: Gpu | undefined;
  /** Rows of the buffer, and those that a backlog may have beside them; the defaults suit everything but tests. */
  readonly bufferRowsMax?: number;
  readonly backlogRowsMax?: number;
  /** Dead elements of a graph from which on it may be built anew; the default suits everything but tests. */
  readonly deadMin?: number;
};

export type SearchOptions = {
  readonly k: number;
  readonly ef: number;
  /** For a quantized index, in place of what it was made with. */
  readonly quantization?: SearchQuantization | undefined;
  /** Which points may be found, in the state at the time of the call, also after the search has given way. */
  readonly accept?: (id: string) => boolean;
  /** The vectors of that state. */
  readonly vectorOf: (id: string) => Float32Array | undefined;
  /** Epoch milliseconds; a search that has given way ends when nobody waits for it any more. */
  readonly deadline?: number | undefined;
};
export type IndexStats = {
  readonly indexed: number;
  readonly buffered: number;
  readonly dead: number;
  /** What the vectors take in this process's memory, where that is known. */
  readonly bytes?: number;
};
export type Stamp = {
  /** Names this vector of this point, and is the point's version. */
  readonly version: number;
  /** Of a millisecond clock. */
  readonly now: number;
};
/** Where a collection is searched; the reason is given where that is not what its kind asks for. */
export type Backend = Required<Pick<ReplicaReport, 'backend' | 'device' | 'backend_reason'>>;
/** `vectorVersion` names a point's vector, `version` the point. */
export type PointVersions = { readonly version: number; readonly vectorVersion: number };

/**
 * Nearest neighbours of one shard's points. Each kind of collection is one of these; the shard knows no more of it.
 *
 * A change is visible to the next search, and each point is found once, with its present vector: never with none, never
 * with two. `upsert`, `touch` and `remove` are synchronous, so that the changes of an entry become visible together.
 * What takes long happens in `drain`, `rebuild` and `save`, which the shard's background calls when nobody waits.
 */
export interface PointIndex {
  stats(): IndexStats;
  /** How many more changed vectors fit before `drain` must make room. */
  readonly room: number;
  readonly capacity: number;
  /** The caller has seen that there is room. */
  upsert(id: string, vector: Float32Array, stamp: Stamp): void;
  /** The point has a new version with the vector that it had. */
  touch(id: string, version: number): void;
  remove(id: string): void;
  /**
   * Up to k points, best first, of the state at the time of the call. A promise where others get a turn meanwhile; the
   * versions of its points are then not to be relied on.
   */
  search(query: Float32Array, options: SearchOptions): Found[] | Promise<Found[]>;
  /** A search looks at every point, so a filter is best given to it. The others answer at once, without a promise. */
  readonly exhaustive: boolean;
  /** A search finds the true nearest, so it serves who asks for exact results as well. */
  readonly exact?: boolean;
  /** Absent: on the processor, as its kind asks for. */
  readonly backend?: Backend;
  /** In a hurry, what changes cost in the background is put off, for as long as there is memory for that. */
  hurry?(on: boolean): void;
  /** Works for about `sliceMs`; false when there was nothing to do. `now` is a millisecond clock. */
  drain(now: number, sliceMs?: number): boolean;
  readonly needsRebuild: boolean;
  /** Off this thread where it takes long. Rejects when `signal` is aborted. */
  rebuild(vectorVersionOf: (id: string) => number | undefined, signal: AbortSignal): Promise<void>;
  /** Changes since the last save. */
  readonly unsaved: number;
  save(): Promise<void>;
  /** Fills an empty index with the given points, from what was saved as far as that is sound and current. */
  load(points: ReadonlyMap<string, PointVersions>): Promise<{ readonly reason: string | undefined }>;
  /** Gives back what is not this process's memory. Nobody searches any more. */
  close?(): void;
}
