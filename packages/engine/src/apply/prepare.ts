import type { Filter, Operation, Outcome, RequestOutcome } from '@vectorizer/contracts';
import { compileFilter } from '../filter/compile.ts';
import { idsNamedBy } from '../filter/named-ids.ts';
import { linkOf } from '../state/chain.ts';
import { Fingerprint } from '../state/fingerprint.ts';
import { packOutcomes, unpackOutcomes } from '../state/outcome-runs.ts';
import type { Remembered, RequestTable } from '../state/request-table.ts';
import type { Figures, Step } from '../state/shard-state.ts';
import { digestOf } from '../state/state-hash.ts';
import { decide, type Rules } from './decide.ts';
import { readEntry, type ReadRequest } from './read-entry.ts';
import type { Slices } from './slices.ts';
import { Stage, type Base } from './stage.ts';

/** One message of the log. `at` is the log server's clock in milliseconds. */
export type LoggedEntry = { readonly sequence: number; readonly bytes: Uint8Array; readonly at: number };
export type Ground = Base & {
  readonly meta: Figures;
  readonly requests: Pick<RequestTable, 'find'>;
  /**
   * The ids of all points of the base that may match, and perhaps others; undefined when nothing is known. What it answers
   * depends on the indexes of this replica, so it must not change what an entry comes to.
   */
  readonly candidates?: (filter: Filter) => readonly string[] | undefined;
};
export type Prepared = Step & { readonly results: readonly RequestOutcome[] };

/** Changed points of an entry whose digests are put off until they are asked for. */
const PUT_OFF_MAX = 64;

/**
 * Works out all that an entry changes without changing anything, in slices that yield to searches. The result is a
 * function of the state and the entry, whatever the timing.
 */
export async function prepare(ground: Ground, entry: LoggedEntry, slices: Slices): Promise<Prepared> {
  const link = await linkOf(entry, slices);
  const figures: Figures = {
    ...ground.meta,
    sequence: entry.sequence,
    bytes_received: ground.meta.bytes_received + entry.bytes.length,
    last_applied_ms: entry.at,
  };
  const requests = await readEntry(entry.bytes, slices);
  if (requests === undefined) {
    const meta = { ...figures, entries_rejected: figures.entries_rejected + 1 };
    return { points: new Map(), before: new Map(), requests: [], results: [], link, meta };
  }
  const run = new Run(ground, entry.sequence, slices);
  for (const request of requests) await run.request(request);
  return { ...(await run.finish(figures)), link };
}

/** The preparation of one well-formed entry. */
class Run {
  readonly #ground: Ground;
  readonly #stage: Stage;
  readonly #rules: Rules;
  readonly #slices: Slices;
  readonly #remembered = new Map<string, Remembered>();
  readonly #order: Remembered[] = [];
  readonly #results: RequestOutcome[] = [];
  #operations = 0;

  constructor(ground: Ground, sequence: number, slices: Slices) {
    this.#ground = ground;
    this.#stage = new Stage(ground);
    this.#rules = { dimension: ground.meta.dimension, metric: ground.meta.metric, sequence };
    this.#slices = slices;
  }

  async request({ id, ops }: ReadRequest): Promise<void> {
    const only = ops.length === 1 ? ops[0] : undefined;
    const fingerprint = only === undefined ? await Fingerprint.ofAll(ops, this.#slices) : Fingerprint.of(only);
    const { sequence } = this.#rules;
    const first = this.#remembered.get(id) ?? this.#ground.requests.find(id);
    if (first !== undefined && first.fingerprint.text === fingerprint.text) {
      const outcomes = unpackOutcomes(first.runs);
      this.#results.push({ request_id: id, sequence: first.sequence, replayed: true, outcomes });
      return;
    }
    const outcomes =
      first === undefined
        ? await this.#run(ops)
        : ops.map((): Outcome => ({ status: 'idempotency_key_reused', version: first.sequence }));
    const made: Remembered = { id, sequence, fingerprint, runs: packOutcomes(outcomes) };
    if (first === undefined) this.#remembered.set(id, made);
    this.#order.push(first === undefined ? made : { ...made, reused: true });
    this.#results.push({ request_id: id, sequence, replayed: false, outcomes });
  }

  /** Once per changed point, whatever the entry did to it on the way. */
  async finish(figures: Figures): Promise<Omit<Prepared, 'link'>> {
    const { changes, before } = this.#stage;
    let points = figures.points;
    for (const [id, next] of changes) {
      const previous = before.get(id);
      points += Number(next !== undefined) - Number(previous !== undefined);
      if (changes.size > PUT_OFF_MAX) for (const each of [previous, next]) if (each) each.digest ??= digestOf(id, each);
      if (this.#slices.due) await this.#slices.next();
    }
    const meta: Figures = {
      ...figures,
      points,
      entries_applied: figures.entries_applied + 1,
      operations_applied: figures.operations_applied + this.#operations,
    };
    return { points: changes, before, requests: this.#order, results: this.#results, meta };
  }

  async #run(ops: readonly Operation[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const op of ops) {
      outcomes.push(op.kind === 'delete_by_filter' ? await this.#deleteMatching(op.filter) : this.#apply(op));
      if (this.#slices.due) await this.#slices.next();
    }
    this.#operations += ops.length;
    return outcomes;
  }

  #apply(op: Exclude<Operation, { kind: 'delete_by_filter' }>): Outcome {
    const record = this.#stage.get(op.id);
    const { next, outcome } = decide(record, op, this.#rules);
    if (next !== record) this.#stage.set(op.id, next);
    return outcome;
  }

  async #deleteMatching(filter: Filter): Promise<Outcome> {
    const matches = compileFilter(filter);
    const candidates = idsNamedBy(filter) ?? this.#ground.candidates?.(filter);
    let count = 0;
    for (const { id, record } of candidates === undefined ? this.#stage.points() : this.#stage.pointsOf(candidates)) {
      if (matches(id, record.payload)) {
        this.#stage.delete(id, record);
        count += 1;
      }
      if (this.#slices.due) await this.#slices.next();
    }
    return { status: 'deleted', count };
  }
}
