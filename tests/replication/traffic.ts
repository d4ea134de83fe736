import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { VectorizerClient, VectorizerError, type ItemResult } from '@vectorizer/client';
import { credentialsFor } from '../system/keys.ts';

/** One writer's acknowledged writes: what was sent, under which key, and what was answered. */
export type Acknowledged = { readonly n: number; readonly key: string; readonly version: number };

const DIMENSION = 8;
/** The client tries again by itself; what it then throws is a failed read, or a write to go on with under its key. */
const TIMEOUT_MS = 30_000;
/** Between two requests: what is asked is whether they are answered, not how many the machine can bear. */
const PACE_MS = 20;

export function vectorOf(n: number): number[] {
  return Array.from({ length: DIMENSION }, (_, i) => Math.sin(n + i));
}

/** What happened to a client since it was last asked. */
export type Lately = { readonly done: number; readonly failures: readonly string[]; readonly longestMs: number };

/** How often the client tries each request. */
export type Trying = { readonly attempts?: number };

/** Does the same kind of request again and again, and remembers how long it ever went without an answer. */
abstract class Client {
  /** Of its kind, and where it asks. */
  readonly name: string;
  readonly #client: VectorizerClient;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  #lastMs = performance.now();
  #done = 0;
  #failures: string[] = [];
  #longestMs = 0;
  #unanswered: string[] = [];

  constructor(urls: readonly string[], options: Trying = {}) {
    this.name = `${this.constructor.name} at ${urls.join()}`;
    this.#client = new VectorizerClient({ url: urls, ...credentialsFor(urls), ...options });
  }

  get done(): number {
    return this.#done;
  }

  /** Why the request that it is at had to be sent again, each time. */
  get unanswered(): readonly string[] {
    return this.#unanswered;
  }

  start(): void {
    this.#lastMs = performance.now();
    this.#running = this.#run();
  }

  /** And forgets it. */
  lately(): Lately {
    const longestMs = Math.max(this.#longestMs, performance.now() - this.#lastMs);
    const lately = { done: this.#done, failures: this.#failures, longestMs };
    this.#failures = [];
    this.#longestMs = 0;
    this.#lastMs = performance.now();
    return lately;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#running;
    await this.#client.close();
  }

  protected abstract request(client: VectorizerClient): Promise<void>;

  /** Until it is answered: a write whose outcome is unknown is one to send again. What the server refuses is thrown. */
  protected async again<T>(write: () => Promise<T>): Promise<T> {
    for (;;) {
      const startMs = performance.now();
      try {
        return await write();
      } catch (error) {
        if (!(error instanceof VectorizerError) || !error.retryable) throw error;
        this.#unanswered.push(`${toldOf(error)}, after ${Math.round(performance.now() - startMs)} ms`);
      }
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#unanswered = [];
      try {
        await this.request(this.#client);
        this.#done += 1;
        this.#longestMs = Math.max(this.#longestMs, performance.now() - this.#lastMs);
        await sleep(PACE_MS);
        this.#lastMs = performance.now();
      } catch (error) {
        this.#failures.push(toldOf(error));
      }
    }
  }
}

/** Reads some recent state, which is to be had as long as one replica of each shard is. */
export class Reader extends Client {
  readonly #points: number;
  #n = 0;

  constructor(urls: readonly string[], points: number, options: Trying = {}) {
    super(urls, options);
    this.#points = points;
  }

  protected async request(client: VectorizerClient): Promise<void> {
    this.#n = (this.#n + 1) % this.#points;
    // Half of them may be answered by a cache, and ask Redis where that is thought to pay.
    const cache = this.#n % 2 === 0;
    const { hits } = await client.search(
      'books',
      { vector: vectorOf(this.#n), k: 3, consistency: 'eventual' },
      { cache },
    );
    if (hits.length !== 3) throw new Error(`${hits.length} hits`);
    const { points } = await client.get('books', { ids: [`seed-${this.#n}`], consistency: 'eventual' });
    if (points.length !== 1) throw new Error(`seed-${this.#n} is missing`);
  }
}

/** Writes new points, one after the other; each again under its key until it is acknowledged. */
export class Writer extends Client {
  readonly acknowledged: Acknowledged[] = [];
  readonly #prefix: string;

  constructor(urls: readonly string[], prefix: string) {
    super(urls);
    this.#prefix = prefix;
  }

  idOf(n: number): string {
    return `${this.#prefix}-${n}`;
  }

  /** Sends a write that was acknowledged once more, under its key. */
  async repeat(client: VectorizerClient, { n, key }: Acknowledged): Promise<number | undefined> {
    return (await this.#write(client, n, key)).version;
  }

  protected async request(client: VectorizerClient): Promise<void> {
    const n = this.acknowledged.length;
    const key = `${this.#prefix}-${n}-${randomUUID()}`;
    const { version } = await this.again(async () => this.#write(client, n, key));
    this.acknowledged.push({ n, key, version: version ?? 0 });
  }

  async #write(client: VectorizerClient, n: number, idempotencyKey: string): Promise<ItemResult> {
    const points = [{ id: this.idOf(n), vector: vectorOf(n), payload: { n } }];
    const { results } = await client.insert('books', points, { idempotencyKey, timeoutMs: TIMEOUT_MS });
    const [result] = results;
    if (result === undefined || result.error !== undefined) throw new Error(`not inserted: ${result?.error?.type}`);
    return result;
  }
}

/** Counts in one point: each step demands that nobody, its own repeated requests included, has changed it meanwhile. */
export class Counter extends Client {
  readonly id = 'counter';
  count = 0;
  #version: number | undefined;

  protected async request(client: VectorizerClient): Promise<void> {
    const [next, version] = [this.count + 1, this.#version];
    const idempotencyKey = `count-${next}-${randomUUID()}`;
    const options = { idempotencyKey, timeoutMs: TIMEOUT_MS };
    const point = { id: this.id, vector: vectorOf(0), payload: { count: next } };
    const expected = version === undefined ? {} : { if_version: version };
    const written = await this.again(async () => {
      const { results } = await client.upsert('books', [{ ...point, ...expected }], options);
      if (results[0]?.error !== undefined) throw new Error(`not counted: ${results[0].error.type}`);
      return results[0];
    });
    this.#version = written?.version;
    this.count = next;
  }
}

function toldOf(error: unknown): string {
  return error instanceof VectorizerError ? `${error.type}: ${error.message}` : String(error);
}
