import { encodeEntry, encodeRequest, type Wait } from '@vectorizer/contracts';
import type { Evidence, ReplicaEnd } from './evidence.ts';
import type { Answered, HistoryEvent, ReadRequest, SeenPoint, WriteOp, WriteRequest } from './history.ts';
import { loggedEntry, operationOf, type LoggedEntry } from './logged.ts';
import { Replay, type ModelPoint } from './replay.ts';

/** Writes the evidence of a run of one client on one shard that went as it should, for tests to spoil. */
export class GoodRun {
  readonly history: HistoryEvent[] = [];
  readonly logs: LoggedEntry[][] = [[]];
  /** Undefined for as they should be. */
  replicas: readonly ReplicaEnd[] | undefined;
  readonly #requests = new Map<string, WriteRequest>();
  #token: readonly number[] | null = null;
  #at = 0;
  last = 0;

  evidence(): Evidence {
    return { history: this.history, logs: this.logs, replicas: this.replicas ?? this.replicasAtEnd() };
  }

  replicasAtEnd(): ReplicaEnd[] {
    const { lastSequence, points, chain } = this.#replay;
    const end = { applied_sequence: lastSequence, points: points.size, state_hash: this.#replay.stateHash(), chain };
    return [{ node: 'node', shard: 0, ...end }];
  }

  write(ops: readonly WriteOp[], { wait = 'applied' }: { readonly wait?: Wait } = {}): string {
    const request = this.#newRequest(ops, wait);
    this.#invoke(request);
    this.append(request.key, ops);
    this.#acknowledge(request);
    return request.key;
  }

  /** The same request again, logged again and answered as before. */
  retry(key: string): void {
    const request = this.#requests.get(key);
    if (request === undefined) throw new Error(`${key} was not written`);
    this.#invoke(request);
    this.append(key, request.ops);
    this.#acknowledge(request);
  }

  /** A request that got no answer, or was refused; it is not in the log. */
  lost(ops: readonly WriteOp[], outcome: 'unknown' | 'refused'): string {
    const request = this.#newRequest(ops, 'applied');
    this.#invoke(request);
    this.#complete({ outcome, error: 'deadline_exceeded' });
    return request.key;
  }

  arrive(key: string): void {
    this.arriveAs(key, this.#requests.get(key)?.ops ?? []);
  }

  arriveAs(key: string, ops: readonly WriteOp[]): void {
    this.append(key, ops);
  }

  append(id: string, ops: readonly WriteOp[]): void {
    const { request } = encodeRequest({ id, ops: ops.map(operationOf) });
    this.#log.push(loggedEntry(this.#log.length + 1, encodeEntry({ at: 0, requests: [request] })));
  }

  /** The first two entries in each other's places. */
  swap(): void {
    const [first, second] = this.#log;
    if (first === undefined || second === undefined) throw new Error('there are no two entries');
    this.#log.splice(0, 2, loggedEntry(1, second.bytes), loggedEntry(2, first.bytes));
  }

  read(request: ReadRequest): Answered {
    const chained = request.consistency === 'session';
    this.#invoke(request, chained);
    const answer = { outcome: 'answered' as const, token: [this.#replay.lastSequence], ...this.#answer(request) };
    if (chained) this.#token = answer.token;
    this.#complete(answer);
    return answer;
  }

  #answer(request: ReadRequest): Pick<Answered, 'points' | 'more' | 'count'> {
    const all = [...this.#replay.points].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(seen);
    switch (request.kind) {
      case 'get':
        return { points: all.filter(({ id }) => id === request.id) };
      case 'search':
        return { points: all.slice(0, request.k) };
      case 'scroll':
        return { points: all.slice(0, request.limit), more: all.length > request.limit };
      case 'count':
        return { points: [], count: all.length };
    }
    return request satisfies never;
  }

  #newRequest(ops: readonly WriteOp[], wait: Wait): WriteRequest {
    const request: WriteRequest = { kind: 'write', route: 'batch', key: `key-${this.last + 1}`, wait, ops };
    this.#requests.set(request.key, request);
    return request;
  }

  #invoke(request: WriteRequest | ReadRequest, chained = true): void {
    this.last += 1;
    const where = { client: 1, gateway: 'gateway-1', token: chained ? this.#token : null };
    this.history.push({ type: 'invoke', call: this.last, at: (this.#at += 1), ...where, request });
  }

  #acknowledge({ key, wait }: WriteRequest): void {
    const place = this.#replay.places.get(key);
    const results = wait === 'logged' ? null : (place?.outcomes ?? []);
    const sequences = [this.#replay.lastSequence];
    this.#token = sequences;
    this.#complete({ outcome: 'acknowledged', results, sequences });
  }

  #complete(end: object): void {
    const event = { type: 'complete', call: this.last, at: (this.#at += 1), ...end };
    this.history.push(event as HistoryEvent);
  }

  get #log(): LoggedEntry[] {
    return this.logs[0] ?? [];
  }

  get #replay(): Replay {
    return new Replay(this.#log);
  }
}

function seen([id, { version, payload, vector }]: [string, ModelPoint]): SeenPoint {
  const value = payload === null ? null : (JSON.parse(payload) as SeenPoint['payload']);
  return { id, version, payload: value, vector: [...vector] };
}
