import type { NodeRegistry } from '@vectorizer/cluster';
import { SILENT_MS_MAX, type Heartbeat, type NodeId } from '@vectorizer/contracts';
import type { NodeStates } from './news.ts';

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

  constructor(options: LiveNodesOptions) {
    this.#options = options;
    // From here on their silence counts.
    for (const { node } of options.registry.nodes()) this.#heardMs.set(node, options.monotonicMs());
  }

  /** Answers whether the node is new here. */
  hear({ node }: Heartbeat): boolean {
    const isNew = !this.#heardMs.has(node);
    this.#heardMs.set(node, this.#options.monotonicMs());
    this.#spoken.add(node);
    return isNew;
  }

  /** Whether every node that has joined was heard, or is lost. */
  get allHeard(): boolean {
    const lost = new Set(this.states().lost);
    return this.#options.registry.nodes().every(({ node }) => this.#spoken.has(node) || lost.has(node));
  }

  /** Those that can hold new replicas. */
  now(): readonly NodeId[] {
    const oldest = this.#options.monotonicMs() - SILENT_MS_MAX;
    const registered = new Set(this.#options.registry.nodes().map(({ node }) => node));
    return [...this.#heardMs].flatMap(([node, atMs]) => (atMs >= oldest && registered.has(node) ? [node] : []));
  }

  /** Which have been silent for too long, and which have spoken since. */
  states(): NodeStates {
    const oldest = this.#options.monotonicMs() - this.#options.lostAfterMs;
    const lost = [...this.#heardMs].flatMap(([node, atMs]) => (atMs < oldest ? [node] : []));
    const speaking = [...this.#spoken].filter((node) => !lost.includes(node));
    return { lost, speaking };
  }
}
