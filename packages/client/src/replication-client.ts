import { get, once } from './calls.ts';
import { follow } from './http/follow.ts';
import { sleep } from './http/timing.ts';
import type { Transport } from './http/transport.ts';
import { path } from './paths.ts';
import type { AskOptions } from './types/options.ts';
import type {
  NodeView,
  ReplicaView,
  ReplicationEvent,
  ReplicationProof,
  ReplicationStats,
  ReplicationStatus,
} from './types/replication.ts';

export type ReplicationEventsInput = {
  /** The number of an event: those after it are told, also what happened before now. From now on without it. */
  readonly after?: number | undefined;
  /** Ends the iteration, as closing the client does. */
  readonly signal?: AbortSignal | undefined;
};

/** Between looks at how far a resync is. */
const LOOK_MS = 250;

/** The replicas and the nodes that hold them, as the replication monitor knows them. */
export class ReplicationClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async status(options?: AskOptions): Promise<ReplicationStatus> {
    return this.#ask(['status'], options);
  }

  async stats(options?: AskOptions): Promise<ReplicationStats> {
    return this.#ask(['stats'], options);
  }

  /** All that are known; with `routable` those that may be read from, or those that may not. */
  async replicas(options?: AskOptions & { readonly routable?: boolean | undefined }): Promise<readonly ReplicaView[]> {
    const query = { routable: options?.routable };
    return (await this.#ask<{ replicas: ReplicaView[] }>(['replicas'], options, query)).replicas;
  }

  /** By its id, `node/collection/shard`. */
  async replica(id: string, options?: AskOptions): Promise<ReplicaView> {
    return this.#ask(['replicas', id], options);
  }

  /** Has a replica built anew; answers when that has begun, with its id: see `resynced`. */
  async resync(id: string, options?: AskOptions): Promise<string | undefined> {
    const query = { timeout_ms: options?.timeoutMs };
    const call = ['POST', path('replication', 'replicas', id, 'resync')] as const;
    return (await once<{ resync?: string }>(this.#transport, call, { query, options })).resync;
  }

  /**
   * The replica once it has been built anew, or that has failed, as its `resync` says. Waits without a bound of its own, also
   * for a node that was started anew and knows of it no more; `signal` has one.
   */
  async resynced(id: string, resync: string, options?: AskOptions): Promise<ReplicaView> {
    for (;;) {
      const replica = await this.replica(id, options);
      if (replica.resync?.id === resync && replica.resync.state !== 'running') return replica;
      await sleep(LOOK_MS, options?.signal);
    }
  }

  /** What the replicas of each shard say of their state at the newest sequence that they have in common. */
  async proof(collection: string, options?: AskOptions): Promise<ReplicationProof> {
    return this.#ask(['proof'], options, { collection });
  }

  async nodes(options?: AskOptions): Promise<readonly NodeView[]> {
    return (await get<{ nodes: NodeView[] }>(this.#transport, path('replication', 'nodes'), { options })).nodes;
  }

  /** Forgets a node that is gone for good; refused while it answers or holds replicas. */
  async removeNode(node: string, options?: AskOptions): Promise<void> {
    const query = { timeout_ms: options?.timeoutMs };
    await once(this.#transport, ['DELETE', path('replication', 'nodes', node)], { query, options });
  }

  /** What happens to the replicas, without end; over lost connections and gateways it goes on, with no gap and nothing twice. */
  async *events({ after, signal }: ReplicationEventsInput = {}): AsyncGenerator<ReplicationEvent> {
    const followed = {
      path: path('replication', 'events'),
      after: after === undefined ? undefined : String(after),
      signal,
    };
    for await (const { event, data } of follow(this.#transport, followed)) {
      yield (event === 'gap' ? { kind: 'gap', ...(JSON.parse(data) as object) } : JSON.parse(data)) as ReplicationEvent;
    }
  }

  async #ask<Result>(
    names: readonly string[],
    options: AskOptions | undefined,
    query: Readonly<Record<string, string | boolean | undefined>> = {},
  ): Promise<Result> {
    const asked = { ...query, timeout_ms: options?.timeoutMs };
    return get(this.#transport, path('replication', ...names), { query: asked, options });
  }
}
