import type { NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { buckets, NodeId } from '@vectorizer/contracts';
import type { Logger } from '@vectorizer/telemetry';
import { KvMirror } from './kv-mirror.ts';

const NodeRecord = z.object({ v: z.literal(1), node: NodeId, host: z.string(), port: z.int() });
/** An index node that has joined, alive or not; where its own endpoint is. */
export type NodeRecord = z.infer<typeof NodeRecord>;

/** The index nodes that collections can be placed on. */
export class NodeRegistry {
  readonly #mirror: KvMirror<NodeRecord>;

  private constructor(mirror: KvMirror<NodeRecord>) {
    this.#mirror = mirror;
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
  }): Promise<NodeRegistry> {
    return new NodeRegistry(await KvMirror.open({ ...options, bucket: buckets.nodes, schema: NodeRecord }));
  }

  async register(record: Omit<NodeRecord, 'v'>): Promise<void> {
    await this.#mirror.put(record.node, { v: 1, ...record });
  }

  /** It joins again should it come back. */
  async remove(node: NodeRecord['node']): Promise<void> {
    await this.#mirror.delete(node);
  }

  nodes(): NodeRecord[] {
    return this.#mirror.values();
  }

  /** As of every mirror: what old deletions have left goes. */
  async purgeDeleted(): Promise<number> {
    return this.#mirror.purgeDeleted();
  }

  close(): void {
    this.#mirror.close();
  }
}
