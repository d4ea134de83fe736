import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { freePort, ServerProcess, temporaryDirectory, until } from '@vectorizer/testing';
import { PATIENCE_MS } from '../../setting.ts';
import { GRAPH, type PeerServer } from '../peer.ts';
import { binaryOf } from './binaries.ts';
import { CHROMA_COLLECTIONS } from './chroma-connection.ts';
import { HttpConnection, type Sent } from './http-connection.ts';
import { family } from './processes.ts';

export async function startChromaPeer(): Promise<PeerServer> {
  await using stack = new AsyncDisposableStack();
  const { path: directory } = stack.use(await temporaryDirectory());
  const port = await freePort();
  const heartbeat = async (): Promise<boolean> =>
    (await fetch(`http://127.0.0.1:${port}/api/v2/heartbeat`).catch(() => undefined))?.ok === true;
  const args = ['run', '--path', directory, '--host', '127.0.0.1', '--port', String(port)];
  const server = new ServerProcess(binaryOf('chroma'), args, () =>
    until(heartbeat, { timeoutMs: PATIENCE_MS, what: 'Chroma being ready' }),
  );
  await server.start();
  stack.defer(() => server.kill());
  const { stdout } = await promisify(execFile)(binaryOf('chroma'), ['--version']);
  const version = stdout.trim().split(' ').at(-1) ?? '';
  let collection = '';
  const held = stack.move();
  return {
    name: 'chroma',
    title: `Chroma ${version}`,
    settings: 'as it comes, but for the graph',
    directory,
    target: () => ({ peer: 'chroma', port, collection }),
    async create() {
      const hnsw = { space: 'ip', max_neighbors: GRAPH.m, ef_construction: GRAPH.efConstruction };
      collection = (
        (await ask(
          port,
          { method: 'POST', path: CHROMA_COLLECTIONS },
          { name: 'bench', configuration: { hnsw } },
        )) as Created
      ).id;
    },
    async setEf(ef) {
      await ask(
        port,
        { method: 'PUT', path: `${CHROMA_COLLECTIONS}/${collection}` },
        { new_configuration: { hnsw: { ef_search: ef } } },
      );
    },
    async finish(rows) {
      const all = async (): Promise<boolean> =>
        (await ask(port, { method: 'GET', path: `${CHROMA_COLLECTIONS}/${collection}/count` })) === rows;
      await until(all, { timeoutMs: PATIENCE_MS, what: 'all points being counted' });
    },
    pids: () => family(server.pid),
    async restart() {
      // It does not end when it is asked to.
      await server.kill();
      await server.start();
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

type Created = { readonly id: string };

async function ask(port: number, sent: Omit<Sent, 'body'>, body?: unknown): Promise<unknown> {
  const http = new HttpConnection(port);
  try {
    return JSON.parse(await http.ask({ ...sent, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }));
  } finally {
    await http.close();
  }
}
