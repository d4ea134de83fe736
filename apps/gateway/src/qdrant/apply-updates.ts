import { createHash } from 'node:crypto';
import { limits, type CollectionUid, type PointId, type Sequences } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { mixedItems } from '../points/items.ts';
import { checkFilter } from '../points/check-filter.ts';
import type { Reads } from '../points/reads.ts';
import type { WriteCall, Writes } from '../points/writes.ts';
import { later } from '../sessions.ts';
import type { Update } from './updates.ts';

/** What has been seen once an update has been: of which collection, since a restore may have put another in its place. */
export type Applied = { readonly uid: CollectionUid; readonly sequences: Sequences };
type Ready = Exclude<Update, { kind: 'points' }> | (Extract<Update, { kind: 'points' }> & { readonly items: Items });
type Items = ReturnType<typeof mixedItems>;

/**
 * Writes updates one after the other, in parts of a size that our own interface takes at once. Unlike there, an item that is
 * at fault keeps everything from being written: whoever speaks to Qdrant expects that.
 */
export class ApplyUpdates {
  readonly #writes: Writes;
  readonly #reads: Reads;

  constructor(writes: Writes, reads: Reads) {
    this.#writes = writes;
    this.#reads = reads;
  }

  /** One answer for each. Of each the parts that were written stay when a later one fails. */
  async apply(updates: readonly Update[], call: WriteCall): Promise<Applied[]> {
    const { config, payload_indexes } = call.collection;
    const ready = updates.map((update): Ready => {
      if (update.kind === 'points') return { ...update, items: checked(update, mixedItems(update.operations, config)) };
      checkFilter(update.filter, payload_indexes);
      return update;
    });
    const steps = new Steps(call);
    const applied: Applied[] = [];
    for (const update of ready) {
      applied.push(update.kind === 'points' ? await this.#points(update, steps) : await this.#matching(update, steps));
    }
    return applied;
  }

  async #points({ items, demandsPoints }: Extract<Ready, { kind: 'points' }>, steps: Steps): Promise<Applied> {
    let sequences: Sequences = [];
    let uid = steps.call.collection.uid;
    for (let start = 0; start < items.length; start += limits.batchPointsMax) {
      const call = steps.next();
      const written = await this.#writes.batch(items.slice(start, start + limits.batchPointsMax), call);
      const { answer } = written;
      uid = written.collection.uid;
      sequences = later(sequences, answer.sequences);
      for (const { error } of answer.results) {
        if (error === undefined || (error.type === 'vector_not_found' && !demandsPoints)) continue;
        throw Failure.fromWire(error);
      }
    }
    return { uid, sequences };
  }

  async #matching({ filter, change }: Extract<Update, { kind: 'matching' }>, steps: Steps): Promise<Applied> {
    if (change === undefined) {
      const written = await this.#writes.one({ kind: 'delete_by_filter', filter }, steps.next());
      return { uid: written.collection.uid, sequences: written.sequences };
    }
    // Page by page in the order of ids, each as it is then: what was acknowledged before is seen.
    const { collection, context } = steps.call;
    const read = { collection, demand: { consistency: 'strong' as const }, token: undefined, context };
    const page = { filter, limit: limits.scrollLimitMax, with_payload: false, with_vector: false };
    let applied: Applied = { uid: collection.uid, sequences: [] };
    let after: PointId | undefined;
    do {
      const { points, next } = await this.#reads.scroll({ ...page, after }, read);
      const operations = points.map(({ id }) => ({ ...change, id }));
      const update = { kind: 'points' as const, operations, placeOf: () => 'filter', demandsPoints: false };
      const items = checked(update, mixedItems(operations, collection.config));
      const { uid, sequences } = await this.#points({ ...update, items }, steps);
      steps.call.matched?.(points.length);
      applied = { uid, sequences: later(applied.sequences, sequences) };
      after = next;
    } while (after !== undefined);
    return applied;
  }
}

/** Each request of ours that a request of theirs becomes has a key of its own; the first has that of the client. */
class Steps {
  readonly call: WriteCall;
  #taken = 0;

  constructor(call: WriteCall) {
    this.call = call;
  }

  next(): WriteCall {
    const step = this.#taken++;
    if (step === 0) return this.call;
    const requestId = createHash('sha256').update(`${this.call.requestId} ${step}`).digest('base64url');
    return { ...this.call, requestId };
  }
}

/** The first fault of an item, told of the place where the client has it. */
function checked({ placeOf }: Extract<Update, { kind: 'points' }>, items: Items): Items {
  for (const item of items) {
    if (!('refused' in item)) continue;
    const { type, message, details } = item.refused;
    const ours = `operations[${item.index}]`;
    const inTheirs = (text: string): string => text.replace(ours, placeOf(item.index));
    const field = typeof details['field'] === 'string' ? { field: inTheirs(details['field']) } : {};
    throw new Failure(type, inTheirs(message), { cause: item.refused, details: { ...details, ...field } });
  }
  return items;
}
