import { answers, type NewKey } from '@vectorizer/contracts';
import { openApiDocument } from '@vectorizer/gateway';
import { EventConsumer, Ingest } from '@vectorizer/ingest';
import { ApiDescription, until } from '@vectorizer/testing';
import { Cluster, openProcess, type Process } from './cluster.ts';

export type Asked = {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly raw?: Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** The admin's unless it is given; null for none. */
  readonly key?: string | null;
};
export type Answered = {
  readonly status: number;
  readonly type: string | undefined;
  readonly headers: Readonly<Partial<Record<string, string>>>;
  readonly text: string;
  readonly bytes: Buffer;
  readonly body: Record<string, unknown>;
};

/** By media type. */
type Contents = Readonly<Record<string, { readonly example?: unknown }>>;

/** A whole system in this process, every answer of which is held to the description of the API. */
export class DescribedSystem {
  readonly api = new ApiDescription(openApiDocument(), { answers: Object.keys(answers) });
  readonly cluster: Cluster;
  readonly gateway: Process;
  /** Of an admin. */
  readonly key: string;
  /** What was not as it is described. */
  readonly faults: string[] = [];
  /** By route: the statuses that were answered, and the types of failures. */
  readonly seen = new Map<string, Set<string>>();
  readonly #close: () => Promise<void>;

  private constructor(parts: Pick<DescribedSystem, 'cluster' | 'gateway' | 'key'>, close: () => Promise<void>) {
    this.cluster = parts.cluster;
    this.gateway = parts.gateway;
    this.key = parts.key;
    this.#close = close;
  }

  static async start(): Promise<DescribedSystem> {
    const cluster = await Cluster.start({ slowMs: 0 });
    await cluster.addNode();
    await cluster.addMonitor();
    const taker = await openProcess(cluster.nats);
    const consumer = new EventConsumer({ ...taker, ingest: new Ingest(taker), knowsProducers: false });
    const { key } = await taker.access.keys.create(settingsOf({}), 'test');
    const system = new DescribedSystem({ cluster, gateway: taker, key }, async () => {
      await consumer.close();
      await taker.close();
      await cluster[Symbol.asyncDispose]();
    });
    await until(async () => (await system.ask('GET /api/v1/auth/me')).status === 200);
    return system;
  }

  /** A key that the gateway knows. */
  async makeKey(given: Partial<NewKey>): Promise<string> {
    const { key } = await this.gateway.access.keys.create(settingsOf(given), 'test');
    const known = async (): Promise<boolean> => (await this.ask('GET /api/v1/auth/me', { key })).status !== 401;
    await until(known);
    return key;
  }

  /** Asks, and notes what of the answer is not as it is described. */
  async ask(route: string, asked: Asked = {}): Promise<Answered> {
    const { query, body, raw, headers, key = this.key } = asked;
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern.replaceAll(/:([a-z]+)/g, (_, name: string) => encodeURIComponent(asked.path?.[name] ?? name));
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await this.cluster.app.inject({
      method: method as 'GET',
      url: query === undefined ? path : `${path}?${query}`,
      headers: {
        ...(payload !== undefined && { 'content-type': 'application/json' }),
        ...(key !== null && { 'x-api-key': key }),
        ...headers,
      },
      ...(payload !== undefined && { payload }),
    });
    const { statusCode: status, body: text, rawPayload: bytes } = answer;
    const found = { ...answeredOf(status, answer.headers, text), bytes };
    const misfit = this.api.misfitOf(route, { status, headers: found.headers, body: text });
    if (misfit !== undefined) this.faults.push(`${method} ${path}?${query ?? ''}: ${misfit}`);
    this.note(route, String(status));
    if (found.type !== undefined) this.note(route, found.type);
    return found;
  }

  /** The body that the description shows; undefined where there is none. */
  exampleOf(route: string): unknown {
    return this.#contentOf(route)['application/json']?.example;
  }

  /** A body with nothing in it, where no JSON is taken. */
  emptyBodyOf(route: string): Asked {
    const types = Object.keys(this.#contentOf(route));
    const [type] = types.includes('application/json') ? [] : types;
    return type === undefined ? {} : { raw: Buffer.alloc(0), headers: { 'content-type': type } };
  }

  #contentOf(route: string): Contents {
    return (this.api.operations.get(route)?.requestBody?.['content'] ?? {}) as Contents;
  }

  /** What has to be in the query, about the collection `books`. */
  neededQueryOf(route: string): string {
    const needed = this.api.operations
      .get(route)
      ?.parameters.filter((each) => each['in'] === 'query' && each['required']);
    return (needed ?? []).map(({ name }) => `${String(name)}=books`).join('&');
  }

  note(route: string, what: string): void {
    const seen = this.seen.get(route) ?? new Set();
    this.seen.set(route, seen.add(what));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

function settingsOf(given: Partial<NewKey>): NewKey {
  return { name: 'test', roles: ['admin'], collections: ['*'], events: [], rate: { tier: 'unlimited' }, ...given };
}

function answeredOf(status: number, given: Readonly<Record<string, unknown>>, text: string): Omit<Answered, 'bytes'> {
  const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  const isJson = headers['content-type']?.startsWith('application/json') ?? false;
  const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  const error = body['error'] as { readonly type?: string } | undefined;
  return { status, type: status >= 400 ? error?.type : undefined, headers, text, body };
}
