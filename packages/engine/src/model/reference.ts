import {
  byRank,
  exactScore,
  type Metric,
  type Operation,
  type Outcome,
  type RequestOutcome,
} from '@vectorizer/contracts';

/** A point of the reference: the payload as an object. */
export type ReferencePoint = { version: number; vector: Float32Array; payload: Record<string, unknown> | null };
export type ReferenceRequest = { readonly id: string; readonly ops: readonly Operation[] };

/**
 * What a shard should be, said as plainly as possible: a Map, brute force, and the rules written a second time. The
 * oracle of the model test; slow and small on purpose.
 */
export class Reference {
  readonly points = new Map<string, ReferencePoint>();
  readonly #options: { readonly dimension: number; readonly metric: Metric; readonly requestsMax: number };
  #requests: { id: string; text: string; sequence: number; outcomes: Outcome[]; first: boolean }[] = [];
  sequence = 0;
  rejected = 0;

  constructor(options: { readonly dimension: number; readonly metric: Metric; readonly requestsMax: number }) {
    this.#options = options;
  }

  /** `requests` is undefined for an entry that is malformed. */
  apply(requests: readonly ReferenceRequest[] | undefined): RequestOutcome[] {
    this.sequence += 1;
    if (requests === undefined) {
      this.rejected += 1;
      return [];
    }
    const known = this.#requests;
    const added: typeof known = [];
    const results = requests.map(({ id, ops }): RequestOutcome => {
      const text = JSON.stringify(ops, (_, value: unknown) => (value instanceof Float32Array ? [...value] : value));
      const first = [...known, ...added].find((request) => request.id === id && request.first);
      if (first?.text === text) {
        return { request_id: id, sequence: first.sequence, replayed: true, outcomes: first.outcomes };
      }
      const outcomes = ops.map((op): Outcome =>
        first === undefined ? this.#run(op) : { status: 'idempotency_key_reused', version: first.sequence },
      );
      added.push({ id, text, sequence: this.sequence, outcomes, first: first === undefined });
      return { request_id: id, sequence: this.sequence, replayed: false, outcomes };
    });
    this.#requests = [...known, ...added].slice(-this.#options.requestsMax);
    return results;
  }

  /** The ids and scores of the k best of the points that pass. */
  top(
    query: Float32Array,
    k: number,
    passes: (point: ReferencePoint, id: string) => boolean,
  ): { id: string; score: number }[] {
    return [...this.points]
      .filter(([id, point]) => passes(point, id))
      .map(([id, { vector }]) => ({ id, score: exactScore(this.#options.metric, vector, query) }))
      .toSorted(byRank)
      .slice(0, k);
  }

  /** In the order of UTF-8 bytes. */
  ids(): string[] {
    return [...this.points.keys()].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  #run(op: Operation): Outcome {
    const version = this.sequence;
    if (op.kind === 'delete_by_filter') {
      // The generator makes one kind of filter only, so that its meaning can be said here without the engine's code.
      const wanted = (op.filter.must?.[0] as { match: { value: unknown } } | undefined)?.match.value;
      const gone = [...this.points].filter(([, { payload }]) => payload?.['tag'] === wanted).map(([id]) => id);
      for (const id of gone) this.points.delete(id);
      return { status: 'deleted', count: gone.length };
    }
    const reason = this.#fault(op);
    if (reason !== undefined) return { status: 'rejected', reason };
    const point = this.points.get(op.id);
    if (op.kind === 'insert' && point !== undefined) return { status: 'already_exists', version: point.version };
    if (point === undefined && op.kind !== 'upsert' && op.kind !== 'insert') return { status: 'not_found' };
    const found = point?.version ?? 0;
    if ('if_version' in op && op.if_version !== undefined && op.if_version !== found) {
      return { status: 'version_conflict', version: found };
    }
    if (op.kind === 'upsert' || op.kind === 'insert') {
      this.points.set(op.id, { version, vector: op.vector, payload: objectOf(op.payload) });
      return { status: point === undefined ? 'created' : 'updated', version };
    }
    if (op.kind === 'delete') {
      this.points.delete(op.id);
      return { status: 'deleted', version };
    }
    return point === undefined ? { status: 'not_found' } : change(point, op, version);
  }

  #fault(op: Exclude<Operation, { kind: 'delete_by_filter' }>): string | undefined {
    const { dimension, metric } = this.#options;
    if (!('vector' in op) || op.vector === undefined) return undefined;
    if (op.vector.length !== dimension) return `expected a vector of ${dimension} components, got ${op.vector.length}`;
    return metric === 'cosine' && op.vector.every((x) => x === 0)
      ? 'a zero vector has no direction, which cosine needs'
      : undefined;
  }
}

type Change = Extract<Operation, { kind: 'update' | 'payload_merge' | 'payload_replace' | 'payload_delete_keys' }>;

function change(point: ReferencePoint, op: Change, version: number): Outcome {
  const unchanged: Outcome = { status: 'unchanged', version: point.version };
  if (op.kind === 'update') {
    if (op.vector === undefined && op.payload === undefined) return unchanged;
    point.vector = op.vector ?? point.vector;
    if (op.payload !== undefined) point.payload = objectOf(op.payload);
  } else if (op.kind === 'payload_delete_keys') {
    const present = op.keys.filter((key) => Object.hasOwn(point.payload ?? {}, key));
    if (present.length === 0) return unchanged;
    for (const key of present) delete point.payload?.[key];
  } else if (op.kind === 'payload_merge') {
    const added = objectOf(op.payload) ?? {};
    if (Object.keys(added).length === 0) return unchanged;
    point.payload = { ...point.payload, ...added };
  } else {
    point.payload = objectOf(op.payload);
  }
  point.version = version;
  return { status: 'updated', version };
}

function objectOf(text: string | null | undefined): Record<string, unknown> | null {
  return text === null || text === undefined ? null : (JSON.parse(text) as Record<string, unknown>);
}
