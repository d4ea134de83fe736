import type { Catalog, NodeRegistry } from '@vectorizer/cluster';
import type { Answer, CallContext, NodeId } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { LiveNodes } from '../collections/live-nodes.ts';

type NodeView = Answer<'Nodes'>['nodes'][number];

type Parts = {
  readonly catalog: Pick<Catalog, 'list'>;
  readonly registry: NodeRegistry;
  readonly nodes: LiveNodes;
};

/** The index nodes of the cluster. */
export class Nodes {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  list(): readonly NodeView[] {
    const { registry, nodes } = this.#parts;
    const speaking = new Set(nodes.now());
    return registry
      .nodes()
      .map(({ node, host, port }) => ({
        node,
        host,
        port,
        speaks: speaking.has(node),
        replicas: this.#replicasOf(node),
      }))
      .toSorted((a, b) => (a.node < b.node ? -1 : 1));
  }

  /**
   * Forgets a node that is gone for good. Refused while it answers, and while replicas are placed on it: the monitor places them
   * elsewhere first. One that comes back all the same joins again.
   */
  async remove(node: NodeId, { deadline }: CallContext): Promise<void> {
    const { registry, nodes } = this.#parts;
    if (!registry.nodes().some((each) => each.node === node)) {
      throw new Failure('not_found', `there is no node ${node}`, { details: { node } });
    }
    const replicas = this.#replicasOf(node);
    if (replicas > 0) {
      const message = `node ${node} has ${replicas} replicas, which are placed on other nodes first`;
      throw new Failure('validation_error', message, { details: { node, replicas } });
    }
    if (await nodes.answers(node, deadline)) {
      throw new Failure('validation_error', `node ${node} answers: stop it first`, { details: { node } });
    }
    await registry.remove(node);
  }

  #replicasOf(node: NodeId): number {
    return this.#parts.catalog.list().flatMap(({ placement }) => placement.filter((nodes) => nodes.includes(node)))
      .length;
  }
}
