import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { VectorizerClient } from '@vectorizer/client';
import { SELECTIVITIES } from '../../data/payload.ts';
import { settled } from '../../subjects/settled.ts';
import { startSystem } from '../../subjects/system.ts';
import { GRAPH, type PeerServer } from '../peer.ts';

const COLLECTION = 'bench';
const PACKAGE = resolve(import.meta.dirname, '../../../../package.json');

/** A standalone server with its log server, as `./vectorizer up` starts it. */
export async function startVectorizer(): Promise<PeerServer> {
  await using stack = new AsyncDisposableStack();
  const system = stack.use(await startSystem());
  const client = stack.use(new VectorizerClient({ url: system.url }));
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string };
  const held = stack.move();
  return {
    name: 'vectorizer',
    title: `Vectorizer ${version}`,
    settings: 'as it comes, but for the graph; payload indexes; no cache',
    directory: system.data,
    target: () => ({ peer: 'vectorizer', port: Number(new URL(system.url).port), collection: COLLECTION }),
    async create(dimension) {
      const hnsw = { m: GRAPH.m, ef_construction: GRAPH.efConstruction };
      const payload_indexes = SELECTIVITIES.map(({ field }) => ({ key: field, type: 'integer' as const }));
      await client.createCollection({ name: COLLECTION, dimension, metric: 'dot', hnsw, payload_indexes });
    },
    finish: (rows) => settled(client, COLLECTION, rows),
    pids: system.pids,
    restart: system.restart,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
