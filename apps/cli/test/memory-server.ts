import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';

type Stored = { version: number; vector: number[]; payload: unknown };
type Sent = { id: string; vector: string; payload?: unknown };
type Item = { index: number; id: string; status: string; version?: number; error?: unknown };
/** What befalls a request to write, besides being done: its answer is lost, or it never arrives. */
export type Fault = 'answer lost' | 'never arrives' | 'refused' | 'even ids only' | 'logged, not applied';

/**
 * A collection in memory behind the routes that the data commands use, with a log whose sequences become versions as
 * the real one's do, and which does on demand what a real server will not.
 */
export type MemoryServer = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** By collection name. */
  readonly collections: Map<string, MemoryCollection>;
  /** Asked about each request to write, by its number from 1. */
  fault: (request: number) => Fault | undefined;
  /** Told of each request, before it is done. */
  onRequest: (route: string) => void;
};

export class MemoryCollection {
  readonly config: { readonly dimension: number; readonly metric: string; readonly kind: string };
  readonly points = new Map<string, Stored>();
  /** The ids that each entry wrote. */
  readonly log: string[][] = [];
  readonly #outcomes = new Map<string, Item[]>();

  constructor(config: Partial<MemoryCollection['config']> & { readonly dimension: number }) {
    this.config = { metric: 'cosine', kind: 'cpu', ...config };
  }

  get stateHash(): string {
    const points = [...this.points].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return createHash('sha256').update(JSON.stringify(points)).digest('hex');
  }

  write(key: string, sent: readonly Sent[], replace: boolean): Item[] {
    const items = sent.map((point, index) => ({ index, id: point.id, point, problem: this.#problem(point, index) }));
    const good = items.filter(({ problem }) => problem === undefined);
    const refused = items.flatMap(({ index, id, problem }) =>
      problem === undefined ? [] : [{ index, id, status: 'rejected', error: failure('validation_error', problem) }],
    );
    if (good.length === 0) return refused;
    // A request that comes again is an entry again, though it changes nothing.
    this.log.push(good.map(({ id }) => id));
    const version = this.log.length;
    const known = this.#outcomes.get(key);
    if (known !== undefined) return known;
    const done = good.map(({ index, id, point }): Item => {
      if (this.points.has(id) && !replace) {
        return { index, id, status: 'already_exists', error: failure('vector_already_exists', 'it exists') };
      }
      this.points.set(id, { version, vector: fromBase64(point.vector), payload: point.payload ?? null });
      return { index, id, status: 'created', version };
    });
    const results = [...done, ...refused].toSorted((a, b) => a.index - b.index);
    this.#outcomes.set(key, results);
    return results;
  }

  #problem({ vector }: Sent, index: number): string | undefined {
    const numbers = fromBase64(vector);
    if (numbers.length !== this.config.dimension) return `points[${index}].vector: wrong dimension`;
    return numbers.every(Number.isFinite) ? undefined : `points[${index}].vector: expected finite numbers`;
  }
}

export async function startMemoryServer(
  port = 0,
  collections = new Map<string, MemoryCollection>(),
): Promise<MemoryServer> {
  let writes = 0;
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const route = `${request.method} ${new URL(request.url ?? '', 'http://any').pathname.replace('/api/v1', '')}`;
      memory.onRequest(route);
      const isWrite = /^(PUT|POST) .*\/vectors$/.test(route);
      const fault = isWrite ? memory.fault((writes += 1)) : undefined;
      answer(collections, { request, response, route, body, fault });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : 0;
  const memory: MemoryServer = {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    collections,
    fault: () => undefined,
    onRequest: () => undefined,
    [Symbol.asyncDispose]: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return memory;
}

type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: string;
  readonly body: Record<string, unknown>;
  readonly fault: Fault | undefined;
};

function answer(collections: Map<string, MemoryCollection>, exchange: Exchange): void {
  const { request, response, route, body, fault } = exchange;
  const send = (status: number, value: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  if (route === 'POST /collections') {
    const { name, ...config } = body as { name: string; dimension: number };
    if (collections.has(name)) return send(409, { error: failure('collection_already_exists', 'there is one') });
    collections.set(name, new MemoryCollection(config));
    return send(201, described(collections, name));
  }
  const [, method, name = '', rest] = /^(\w+) \/collections\/([^/]+)(.*)$/.exec(route) ?? [];
  const collection = collections.get(name);
  if (collection === undefined) return send(404, { error: failure('collection_not_found', `no collection ${name}`) });
  if (method === 'DELETE') return send(collections.delete(name) ? 200 : 404, { name, status: 'deleted' });
  switch (rest) {
    case '':
      return send(200, described(collections, name));
    case '/vectors/count':
      return send(200, { count: collection.points.size });
    case '/vectors/get':
      return send(200, found(collection, body as { ids: string[]; with_vector: boolean; with_payload: boolean }));
    case '/search':
      return send(200, { hits: nearest(collection, body as { vector: string; k: number }) });
    default:
      break;
  }
  if (fault === 'never arrives') return void request.socket.destroy();
  if (fault === 'refused') return send(429, { error: failure('overloaded', 'too much waits') });
  const points = (body as { points: Sent[] }).points;
  const taken = fault === 'even ids only' ? points.filter(({ id }) => Number(id) % 2 === 0) : points;
  const results = collection.write(String(request.headers['idempotency-key']), taken, method === 'PUT');
  if (fault === 'answer lost') return void request.socket.destroy();
  if (fault === 'even ids only')
    return send(503, { error: failure('log_unavailable', 'partly', { logged: 'partly' }) });
  if (fault !== undefined) return send(504, { error: failure('deadline_exceeded', 'later', { logged: true }) });
  const failed = results.filter((result) => result.error !== undefined).length;
  return send(200, { total: results.length, succeeded: results.length - failed, failed, results, sequences: [] });
}

function described(collections: Map<string, MemoryCollection>, name: string): unknown {
  const collection = collections.get(name);
  return { name, uid: 'a'.repeat(16), created_at: '', config: collection?.config, points: 0, shards: [] };
}

function found(
  collection: MemoryCollection,
  asked: { ids: string[]; with_vector: boolean; with_payload: boolean },
): unknown {
  const points = asked.ids.flatMap((id) => {
    const stored = collection.points.get(id);
    if (stored === undefined) return [];
    const { version, vector, payload } = stored;
    return [{ id, version, ...(asked.with_vector && { vector }), ...(asked.with_payload && { payload }) }];
  });
  return { points, missing: asked.ids.filter((id) => !collection.points.has(id)) };
}

function nearest(collection: MemoryCollection, { vector, k }: { vector: string; k: number }): unknown[] {
  const query = fromBase64(vector);
  return [...collection.points]
    .map(([id, stored]) => ({
      id,
      version: stored.version,
      payload: stored.payload,
      score: stored.vector.reduce((sum, component, place) => sum + component * (query[place] ?? 0), 0),
    }))
    .toSorted((a, b) => b.score - a.score)
    .slice(0, k);
}

function failure(type: string, message: string, details: object = {}): unknown {
  return { type, message, details };
}

function fromBase64(text: string): number[] {
  return Array.from(new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
}
