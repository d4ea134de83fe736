import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeRegistry } from '@vectorizer/cluster';
import { heartbeat, SILENT_MS_MAX, type Bus, type NodeId } from '@vectorizer/contracts';

/** After its own start a gateway hears from every node within a heartbeat or two. */
const PATIENCE_MS = 3_000;
const POLL_MS = 10;

/** The index nodes that new replicas can be placed on: those that are registered, and were heard from just now. */
export class LiveNodes {
  readonly #registry: NodeRegistry;
  readonly #heardAt = new Map<NodeId, number>();

  constructor(bus: Bus, registry: NodeRegistry) {
    this.#registry = registry;
    bus.listen(heartbeat, ({ node }) => this.#heardAt.set(node, performance.now()));
  }

  /** Waits a little for `wanted` nodes, then answers those that there are. */
  async atLeast(wanted: number, deadline: number): Promise<readonly NodeId[]> {
    const end = Math.min(deadline, Date.now() + PATIENCE_MS);
    for (;;) {
      const nodes = this.#now();
      if (nodes.length >= wanted || Date.now() >= end) return nodes;
      await sleep(POLL_MS);
    }
  }

  #now(): readonly NodeId[] {
    const oldest = performance.now() - SILENT_MS_MAX;
    return this.#registry
      .nodes()
      .map(({ node }) => node)
      .filter((node) => (this.#heardAt.get(node) ?? -Infinity) >= oldest);
  }
}
