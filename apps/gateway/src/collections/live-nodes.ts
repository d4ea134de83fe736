import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeRegistry } from '@vectorizer/cluster';
import { everyMsOf, heartbeat, rollCall, silentMsMax, type Bus, type NodeId } from '@vectorizer/contracts';

/** After its own start a gateway hears from every node that speaks at once, since it asks. */
const PATIENCE_MS = 3_000;
const POLL_MS = 10;

/** The index nodes that new replicas can be placed on: those that are registered, and were heard from just now. */
export class LiveNodes {
  readonly #bus: Bus;
  readonly #registry: NodeRegistry;
  readonly #heardMs = new Map<NodeId, number>();
  /** Until when each counts as there. */
  readonly #liveUntilMs = new Map<NodeId, number>();

  constructor(bus: Bus, registry: NodeRegistry) {
    this.#bus = bus;
    this.#registry = registry;
    bus.listen(heartbeat, (beat) => {
      const nowMs = performance.now();
      this.#heardMs.set(beat.node, nowMs);
      this.#liveUntilMs.set(beat.node, nowMs + silentMsMax(everyMsOf(beat)));
    });
    bus.announce(rollCall, {});
  }

  /** Waits a little for `wanted` nodes, then answers those that there are. */
  async atLeast(wanted: number, deadline: number): Promise<readonly NodeId[]> {
    const end = Math.min(deadline, Date.now() + PATIENCE_MS);
    for (;;) {
      const nodes = this.now();
      if (nodes.length >= wanted || Date.now() >= end) return nodes;
      await sleep(POLL_MS);
    }
  }

  /** Asks a node whether it is there. */
  async answers(node: NodeId, deadline: number): Promise<boolean> {
    const askedMs = performance.now();
    const end = Math.min(deadline, Date.now() + PATIENCE_MS);
    this.#bus.announce(rollCall, {});
    while ((this.#heardMs.get(node) ?? -Infinity) < askedMs) {
      if (Date.now() >= end) return false;
      await sleep(POLL_MS);
    }
    return true;
  }

  now(): readonly NodeId[] {
    const nowMs = performance.now();
    return this.#registry
      .nodes()
      .map(({ node }) => node)
      .filter((node) => (this.#liveUntilMs.get(node) ?? -Infinity) >= nowMs);
  }
}
