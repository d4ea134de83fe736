import type { NodeRegistry } from '@vectorizer/cluster';
import type { Heartbeat, NodeId } from '@vectorizer/contracts';
import type { Happening } from './news.ts';

/** Five heartbeats: a node that was silent for longer gets no new replicas. */
const SILENT_MS_MAX = 5_000;

export type LiveNodesOptions = {
  readonly registry: NodeRegistry;
  readonly monotonicMs: () => number;
  /** A node that was silent for longer has left. */
  readonly lostAfterMs: number;
};

/** Which index nodes there are, and which of them speak. */
export class LiveNodes {
  readonly #options: LiveNodesOptions;
  readonly #heardMs = new Map<NodeId, number>();
  readonly #spoken = new Set<NodeId>();
  readonly #lost = new Set<NodeId>();

  constructor(options: LiveNodesOptions) {
    this.#options = options;
    // From here on their silence counts.
    for (const { node } of options.registry.nodes()) this.#heardMs.set(node, options.monotonicMs());
  }

  /** Answers what is news about the node. */
  hear({ node }: Heartbeat): Happening | undefined {
    const isNew = !this.#heardMs.has(node);
    this.#heardMs.set(node, this.#options.monotonicMs());
    this.#spoken.add(node);
    if (this.#lost.delete(node)) return { kind: 'node', node, to: 'back' };
    return isNew ? { kind: 'node', node, to: 'joined' } : undefined;
  }

  /** Whether every node that has joined was heard, or is lost. */
  get allHeard(): boolean {
    return this.#options.registry.nodes().every(({ node }) => this.#spoken.has(node) || this.#lost.has(node));
  }

  /** Those that can hold new replicas. */
  now(): readonly NodeId[] {
    const oldest = this.#options.monotonicMs() - SILENT_MS_MAX;
    const registered = new Set(this.#options.registry.nodes().map(({ node }) => node));
    return [...this.#heardMs].flatMap(([node, atMs]) => (atMs >= oldest && registered.has(node) ? [node] : []));
  }

  /** Nodes that have been lost since this was last asked. */
  newlyLost(): readonly NodeId[] {
    const oldest = this.#options.monotonicMs() - this.#options.lostAfterMs;
    const silent = [...this.#heardMs].flatMap(([node, atMs]) => (atMs < oldest && !this.#lost.has(node) ? [node] : []));
    for (const node of silent) this.#lost.add(node);
    return silent;
  }
}
