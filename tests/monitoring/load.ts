import { encodeToken, CollectionUid } from '@vectorizer/contracts';
import type { System } from '../system/system.ts';

const DIMENSION = 8;
const PAUSE_MS = 5;

/** Requests of every kind, good and bad ones, until it is stopped. */
export class Load {
  readonly #system: System;
  readonly #uid: string;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #turn = 0;

  private constructor(system: System, uid: string) {
    this.#system = system;
    this.#uid = uid;
    this.#running = this.#run();
  }

  /** Makes the collection that it writes to. */
  static async on(system: System): Promise<Load> {
    await system.client.createCollection({ name: 'books', dimension: DIMENSION, shards: 2, replication_factor: 2 });
    const { uid } = await system.client.getCollection('books');
    return new Load(system, uid);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await Promise.all([this.#good(), this.fail()]);
      this.#turn += 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #good(): Promise<void> {
    const points = Array.from({ length: 20 }, (_, i) => ({
      id: `p${(this.#turn * 20 + i) % 2_000}`,
      vector: this.#vector(i),
    }));
    await this.#send('PUT /api/v1/collections/books/vectors', { points });
    for (let i = 0; i < 5; i++)
      await this.#send('POST /api/v1/collections/books/search', { vector: this.#vector(i % 2), k: 5 });
    await this.#send('POST /api/v1/collections/books/vectors/scroll', { limit: 3 });
    await this.#send('PUT /api/v1/aliases/novels', { collection: 'books' });
  }

  /** Refused by the gateway, and failed by the query service: no replica gets as far as this token demands. */
  async fail(): Promise<void> {
    await this.#send('POST /api/v1/collections/books/search', { vector: [1] });
    const ahead = encodeToken(CollectionUid.parse(this.#uid), [1e9, 1e9]);
    await this.#send(
      'POST /api/v1/collections/books/search',
      // A quarter is kept for the way back: slow enough to be told, too short for the log to be asked.
      { vector: this.#vector(0), timeout_ms: 60 },
      { 'x-vectorizer-token': ahead },
    );
  }

  #vector(seed: number): number[] {
    return Array.from({ length: DIMENSION }, (_, i) => Math.sin(seed * 31 + i * 7 + 1));
  }

  async #send(route: string, body: object, more: Record<string, string> = {}): Promise<void> {
    const [method = '', path = ''] = route.split(' ');
    const url = this.#system.urls[this.#turn % this.#system.urls.length] ?? this.#system.url;
    const headers = { 'content-type': 'application/json', ...more };
    const answer = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) });
    await answer.arrayBuffer();
  }
}
