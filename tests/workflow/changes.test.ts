import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  VectorizerClient,
  type Change,
  type ChangeEvent,
  type Hit,
  type NearInput,
  type Point,
} from '@vectorizer/client';
import { seededRandom, until } from '@vectorizer/testing';
import { credentialsFor } from '../system/keys.ts';
import { startSystem, type System } from '../system/system.ts';

const [SHARDS, BATCHES, BATCH] = [2, 120, 5];

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

/** Who is near, by what was told. Fails at a gap, at who comes twice, and at who changes or goes without having come. */
class Near {
  readonly members = new Map<string, Hit>();
  readonly kinds = new Set<string>();
  sequences: number[] = [];
  position: string | undefined;

  take(event: ChangeEvent): void {
    this.position = event.position;
    if (event.event === 'members') {
      this.sequences = [...event.sequences];
      this.members.clear();
      for (const hit of event.members) this.members.set(hit.id, hit);
    }
    if (event.event !== 'change') return;
    const { shard, sequence } = event;
    if (sequence !== (this.sequences[shard] ?? 0) + 1)
      throw new Error(`shard ${shard}: ${sequence} after ${this.sequences[shard]}`);
    this.sequences[shard] = sequence;
    for (const change of event.changes) this.#change(change);
  }

  #change(change: Change): void {
    this.kinds.add(change.kind);
    if (change.kind === 'enter' || change.kind === 'update') {
      const { kind, ...hit } = change;
      const known = this.members.get(hit.id);
      if ((known === undefined) !== (kind === 'enter')) throw new Error(`${kind} of ${hit.id}`);
      if (known !== undefined && known.version >= hit.version) throw new Error(`${hit.id} told twice`);
      this.members.set(hit.id, hit);
    } else if (change.kind !== 'leave' || !this.members.delete(change.id)) {
      throw new Error(`${change.kind}, of nobody who is there`);
    }
  }

  get found(): string[] {
    return [...this.members.values()].map(({ id, version }) => `${id}@${version}`).toSorted();
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
  });
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
    await until(() => follower.position !== undefined);

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
    await until(() => reached(follower, sequences), { what: 'the follower having been told of all' });
    stop.abort();
    await following;
    expect(follower.told.toSorted()).toEqual(written.toSorted());
    expect(follower.told).toHaveLength(BATCHES * BATCH);
  });

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
      await until(() => reached(follower, sequences), { what: 'the follower having been told of all' });
    } finally {
      stop.abort();
    }
    await following;
    const copy = [...follower.points.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(copy.length).toBeGreaterThan(400);
    expect(copy).toEqual(
      await Array.fromAsync(client.scrollAll('copied', { with_vector: false, consistency: 'strong' })),
    );
  });

  it('near a vector make the set that a search finds, by distance and by number, whoever leaves or is killed', async () => {
    const { client } = system;
    const shape = { dimension: 2, metric: 'euclidean', shards: SHARDS, replication_factor: 2 } as const;
    await client.createCollection({ name: 'near', ...shape });
    const filter = { must: [{ key: 'odd', match: { value: true } }] };
    const random = seededRandom(7);
    const some = (): { id: string; vector: number[]; payload: { odd: boolean } }[] =>
      Array.from({ length: 8 }, () => ({
        id: `p${random.int(150)}`,
        vector: [random.uniform() * 10, random.uniform() * 10],
        payload: { odd: random.uniform() < 0.5 },
      }));
    await client.upsert('near', pointsOf(0, 150));
    const asked: readonly NearInput[] = [
      { vector: [5, 5], radius: 2 },
      { vector: Float32Array.of(5, 5), k: 6, exact: true },
    ];
    const nears = asked.map(() => new Near());
    const stop = new AbortController();
    let events = 0;
    const following = Promise.all(
      asked.map(async (near, i) => {
        const follower = nears[i] as Near;
        while (!stop.signal.aborted) {
          const from = follower.position ?? 'now';
          for await (const event of client.changes('near', { near, filter, from, signal: stop.signal })) {
            follower.take(event);
            events += 1;
            // Now and then it goes away, and comes back with what it remembers.
            if (events % 40 === 0) break;
          }
        }
      }),
    );
    await using writer = new VectorizerClient({ url: system.urls, ...credentialsFor(system.url), attempts: 30 });
    let sequences: number[] = [];
    try {
      const kills: Readonly<Record<number, string>> = { 30: 'gateway-1', 60: 'index-1' };
      for (let round = 0; round < 90; round++) {
        const victim = kills[round];
        if (victim !== undefined) await system.kill(victim);
        const points = some();
        sequences = later(sequences, (await writer.upsert('near', points)).sequences);
        await writer.patch('near', { id: points[0]?.id ?? '', merge: { round } });
        await writer.delete('near', [`p${round}`, 'nobody']);
        if (round % 30 === 29) await writer.deleteByFilter('near', filter);
      }
      for (let i = 0; i < 10; i++) sequences = later(sequences, (await writer.upsert('near', some())).sequences);
      const told = (near: Near): boolean => sequences.every((sequence, at) => (near.sequences[at] ?? 0) >= sequence);
      await until(() => nears.every(told), { what: 'the followers having been told of all' });
    } finally {
      stop.abort();
    }
    await following;
    for (const [i, { vector, radius, k = 500 }] of asked.entries()) {
      const threshold = radius === undefined ? {} : { score_threshold: -radius };
      const search = { vector, k, ...threshold, filter, exact: true, consistency: 'strong' } as const;
      const { hits } = await client.search('near', search);
      expect(hits.length).toBeGreaterThan(2);
      expect(nears[i]?.found).toEqual(hits.map(({ id, version }) => `${id}@${version}`).toSorted());
      expect([...(nears[i]?.kinds ?? [])].toSorted()).toEqual(['enter', 'leave', 'update']);
    }
  });
});
