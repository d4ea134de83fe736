import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VectorizerClient, type ChangeEvent, type Point } from '@vectorizer/client';
import { until } from '@vectorizer/testing';
import { credentialsFor } from '../system/keys.ts';
import { startSystem, type System } from '../system/system.ts';

const [SHARDS, BATCHES, BATCH] = [2, 120, 5];
const bound = { timeoutMs: 120_000 };

/** What a follower makes of the events: the collection as it is by then. Fails at a gap and at what comes twice. */
class Follower {
  readonly points = new Map<string, Point>();
  readonly #shards = new Map<string, number>();
  readonly told: string[] = [];
  sequences: number[] = [];
  position: string | undefined;

  take(event: ChangeEvent): void {
    this.position = event.position;
    if (event.event === 'position') this.#begin(event.sequences);
    if (event.event === 'points') for (const { shard, ...point } of event.points) this.#put(shard, point);
    if (event.event !== 'change') return;
    const { shard, sequence } = event;
    if (sequence !== (this.sequences[shard] ?? 0) + 1)
      throw new Error(`shard ${shard}: ${sequence} after ${this.sequences[shard]}`);
    this.sequences[shard] = sequence;
    for (const change of event.changes) {
      if (change.kind === 'delete') this.points.delete(change.id);
      if (change.kind === 'upsert') {
        const { kind: _, ...point } = change;
        this.told.push(`${change.id}@${change.version}`);
        this.#put(shard, point);
      }
      if (change.kind === 'delete_by_filter') this.#deleteOdd(event);
    }
  }

  #begin(sequences: readonly number[]): void {
    if (this.sequences.length === 0) this.sequences = [...sequences];
    const [was, is] = [this.sequences.join(','), sequences.join(',')];
    if (was !== is) throw new Error(`it goes on after ${is}, and was at ${was}`);
  }

  #put(shard: number, point: Point): void {
    this.points.set(point.id, point);
    this.#shards.set(point.id, shard);
  }

  /** The one filter that is written here. */
  #deleteOdd({ shard, sequence }: { readonly shard: number; readonly sequence: number }): void {
    for (const point of this.points.values()) {
      const matches = point.payload?.['odd'] === true && this.#shards.get(point.id) === shard;
      if (matches && point.version < sequence) this.points.delete(point.id);
    }
  }
}

const pointsOf = (from: number, count: number): { id: string; vector: number[]; payload: { odd: boolean } }[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `p${from + i}`,
    vector: [1, i],
    payload: { odd: (from + i) % 2 === 1 },
  }));

const reached = (follower: Follower, sequences: readonly number[]): boolean =>
  sequences.every((sequence, shard) => (follower.sequences[shard] ?? 0) >= sequence);

const later = (one: readonly number[], other: readonly number[]): number[] =>
  Array.from({ length: SHARDS }, (_, shard) => Math.max(one[shard] ?? 0, other[shard] ?? 0));

describe('the changes of a collection of a cluster', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ nodes: 2, shards: SHARDS, replicas: 2 });
  }, 180_000);
  afterAll(async () => system[Symbol.asyncDispose]());

  it('are told once each and in order, while gateways, index nodes and log servers are killed', async () => {
    const { client } = system;
    await client.createCollection({ name: 'told', dimension: 2, shards: SHARDS, replication_factor: 2 });
    await using pinned = new VectorizerClient({ url: system.url, ...credentialsFor(system.url) });
    await using writer = new VectorizerClient({ url: system.urls, ...credentialsFor(system.url), attempts: 30 });
    const follower = new Follower();
    const stop = new AbortController();
    const following = (async (): Promise<void> => {
      for await (const event of pinned.changes('told', { signal: stop.signal })) follower.take(event);
    })();
    await until(() => follower.position !== undefined, bound);

    const written: string[] = [];
    let sequences: number[] = [];
    const kills: Readonly<Record<number, string>> = { 20: 'gateway-1', 50: 'index-1', 80: 'nats', 100: 'gateway-1' };
    for (let batch = 0; batch < BATCHES; batch++) {
      const victim = kills[batch];
      if (victim !== undefined) await system.kill(victim);
      const points = Array.from({ length: BATCH }, (_, i) => ({ id: `p${batch}-${i}`, vector: [1 + batch, i] }));
      const answer = await writer.upsert('told', points);
      expect(answer.failed).toBe(0);
      written.push(...answer.results.map(({ id, version }) => `${id}@${version}`));
      sequences = later(sequences, answer.sequences);
    }
    await until(() => reached(follower, sequences), { ...bound, what: 'the follower having been told of all' });
    stop.abort();
    await following;
    expect(follower.told.toSorted()).toEqual(written.toSorted());
    expect(follower.told).toHaveLength(BATCHES * BATCH);
  }, 300_000);

  it('make a copy of it, from its points and what happens meanwhile, however often the follower leaves', async () => {
    const { client } = system;
    await client.createCollection({ name: 'copied', dimension: 2, shards: SHARDS, replication_factor: 2 });
    await client.upsert('copied', pointsOf(0, 900));

    const follower = new Follower();
    const stop = new AbortController();
    let events = 0;
    const following = (async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const from = follower.position ?? 'start';
        for await (const event of client.changes('copied', { from, signal: stop.signal })) {
          follower.take(event);
          events += 1;
          // Every few events it goes away, and comes back with what it remembers.
          if (events % 7 === 0) break;
        }
      }
    })();
    try {
      for (let round = 0; round < 15; round++) {
        await client.upsert('copied', pointsOf(890 + round * 10, 20));
        await client.delete('copied', [`p${round}`, 'nobody']);
        await client.patch('copied', { id: `p${100 + 2 * round}`, merge: { round } });
        if (round % 5 === 4) await client.deleteByFilter('copied', { must: [{ key: 'odd', match: { value: true } }] });
      }
      const { sequences } = await client.upsert('copied', pointsOf(5_000, 40));
      await until(() => reached(follower, sequences), { ...bound, what: 'the follower having been told of all' });
    } finally {
      stop.abort();
    }
    await following;
    const copy = [...follower.points.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(copy.length).toBeGreaterThan(400);
    expect(copy).toEqual(
      await Array.fromAsync(client.scrollAll('copied', { with_vector: false, consistency: 'strong' })),
    );
  }, 300_000);
});
