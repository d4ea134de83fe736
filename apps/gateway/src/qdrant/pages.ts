import { limits, type Filter, type PointId, type PointView, type Sequences } from '@vectorizer/contracts';
import type { ReadCall, Reads } from '../points/reads.ts';
import { later } from '../sessions.ts';
import { before } from './point-ids.ts';
import type { Selection } from './selections.ts';

type Wanted = {
  readonly filter: Filter | undefined;
  readonly selection: Pick<Selection, 'with_payload' | 'with_vector'>;
};
type Read = { readonly points: readonly PointView[]; readonly sequences: Sequences };

/** Beyond it a page ends before its limit, and the rest is on the next one. */
const PAGE_BYTES_MAX = 32 * 1024 * 1024;

/** Points in the order of their ids, in as many reads as that takes. */
export class Pages {
  readonly #reads: Reads;

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  /** As many as that, beginning with an id, which need not be there, or with the first; and the id of the one after them. */
  async page(
    start: PointId | undefined,
    { limit, ...wanted }: Wanted & { readonly limit: number },
    call: ReadCall,
  ): Promise<Read & { readonly next: string | undefined }> {
    const points: PointView[] = [];
    let sequences: Sequences = [];
    let bytes = 0;
    for await (const read of this.all(start, { count: limit + 1, ...wanted }, call)) {
      points.push(...read.points);
      sequences = later(sequences, read.sequences);
      bytes += read.points.reduce(
        (sum, { payload, vector }) => sum + (payload?.length ?? 0) + (vector?.byteLength ?? 0),
        0,
      );
      if (bytes > PAGE_BYTES_MAX) break;
    }
    const isCut = points.length > limit || bytes > PAGE_BYTES_MAX;
    return { points: isCut ? points.slice(0, -1) : points, sequences, next: isCut ? points.at(-1)?.id : undefined };
  }

  /** Read after read, until there are so many, or no more. */
  async *all(
    start: PointId | undefined,
    { filter, count, selection: { with_payload, with_vector } }: Wanted & { readonly count: number },
    call: ReadCall,
  ): AsyncGenerator<Read, void, undefined> {
    let after = start === undefined ? undefined : before(start);
    for (let left = count; left > 0; left -= limits.scrollLimitMax) {
      const limit = Math.min(limits.scrollLimitMax, left);
      const { points, next, sequences } = await this.#reads.scroll(
        { after, limit, filter, with_payload, with_vector },
        call,
      );
      yield { points, sequences };
      if (next === undefined) return;
      after = next;
    }
  }
}
