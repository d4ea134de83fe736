import type { NodeRegistry } from '@vectorizer/cluster';
import { everyMsOf, HEARTBEAT_MS, silentMsMax, type Heartbeat, type NodeId } from '@vectorizer/contracts';
import type { NodeStates } from './news.ts';

export type HeardNodesOptions = {
  readonly registry: NodeRegistry;
  readonly monotonicMs: () => number;
  /** A node that was silent for longer has left. */
  readonly lostAfterMs: number;
};

/** Which index nodes there are, and which of them speak. */
export class HeardNodes {
  readonly #options: HeardNodesOptions;
  readonly #heard = new Map<NodeId, { readonly atMs: number; readonly everyMs: number }>();
  readonly #spoken = new Set<NodeId>();

  constructor(options: HeardNodesOptions) {
    this.#options = options;
    // From here on their silence counts.
    const never = { atMs: options.monotonicMs(), everyMs: HEARTBEAT_MS };
    for (const { node } of options.registry.nodes()) this.#heard.set(node, never);
  }

  /** Answers whether the node is new here. */
  hear(beat: Heartbeat): boolean {
    const { node } = beat;
    const isNew = !this.#heard.has(node);
    this.#heard.set(node, { atMs: this.#options.monotonicMs(), everyMs: everyMsOf(beat) });
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
    const nowMs = this.#options.monotonicMs();
    const registered = new Set(this.#options.registry.nodes().map(({ node }) => node));
    return [...this.#heard].flatMap(([node, { atMs, everyMs }]) =>
      nowMs - atMs <= silentMsMax(everyMs) && registered.has(node) ? [node] : [],
    );
  }

  /** Which have been silent for too long, and which have spoken since. */
  states(): NodeStates {
    const oldest = this.#options.monotonicMs() - this.#options.lostAfterMs;
    const lost = [...this.#heard].flatMap(([node, { atMs }]) => (atMs < oldest ? [node] : []));
    const speaking = [...this.#spoken].filter((node) => !lost.includes(node));
    return { lost, speaking };
  }
}
