import { describe, expect, it } from '@jest/globals';
import { Kvm } from '@nats-io/kv';
import { buckets, NewCollection, newUid, NodeId, type CollectionRecord } from '@vectorizer/contracts';
import type { Failure } from '@vectorizer/errors';
import { createLogger } from '@vectorizer/telemetry';
import { freePort, startNats, until, type NatsServer } from '@vectorizer/testing';
import { Catalog, type CatalogChange } from './catalog.ts';
import { connectNats } from './connection.ts';
import { checkDurability } from './durability.ts';
import { NodeRegistry } from './node-registry.ts';

const logger = createLogger({ service: 'test', level: 'fatal' });
const node = NodeId.parse('n1');
const books = NewCollection.parse({ name: 'books', dimension: 4 });
const placement = (): NodeId[][] => [[node]];

const indexing = (key: string) => (record: CollectionRecord) => ({
  ...record,
  payload_indexes: [...record.payload_indexes, { key, type: 'keyword' as const }],
});

async function openCatalog(nats: NatsServer): Promise<{ catalog: Catalog } & AsyncDisposable> {
  const connection = await connectNats({ servers: nats.url, name: 'test' });
  const catalog = await Catalog.open({ connection, replicas: 1, logger });
  return {
    catalog,
    async [Symbol.asyncDispose]() {
      catalog.close();
      await connection.close();
    },
  };
}

describe('the catalog', () => {
  it('lets one of many concurrent creations of a name win', async () => {
    await using nats = await startNats();
    await using a = await openCatalog(nats);
    await using b = await openCatalog(nats);
    const attempts = Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? a : b).catalog.create(books, placement));
    const settled = await Promise.allSettled(attempts);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused.map((failure: Failure) => failure.type)).toEqual(refused.map(() => 'collection_already_exists'));
  });

  it('gives a recreated namesake another uid, and tells other processes of both', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    await using there = await openCatalog(nats);
    const heard: CatalogChange[] = [];
    there.catalog.onChange((change) => heard.push(change));
    const first = await here.catalog.create(books, placement);
    expect(await there.catalog.find('books')).toEqual(first);
    expect(await here.catalog.drop('books')).toEqual(first);
    const second = await here.catalog.create(books, placement);
    expect(second.uid).not.toBe(first.uid);
    await until(() => heard.at(-1)?.record.uid === second.uid);
    expect(there.catalog.findByUid(first.uid)).toBeUndefined();
    expect(there.catalog.findByUid(second.uid)).toEqual(second);
    expect(there.catalog.list()).toEqual([second]);
    expect(heard.filter(({ record }) => record.uid === first.uid).map(({ kind }) => kind)).toEqual([
      'created',
      'dropped',
    ]);
  });

  it('asks how far there are news of a collection that it has not heard of, and waits for them', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    await using there = await openCatalog(nats);
    for (let i = 0; i < 20; i++) {
      const made = await here.catalog.create(NewCollection.parse({ name: `c${i}`, dimension: 4 }), placement);
      const heard = await Promise.all(Array.from({ length: 5 }, async () => there.catalog.hear(made.uid)));
      expect(heard).toEqual(heard.map(() => made));
    }
    const gone = await here.catalog.drop('c7');
    expect(await there.catalog.hear(newUid())).toBeUndefined();
    expect(await there.catalog.hear(gone.uid)).toBeUndefined();
  });

  it('makes each of many concurrent changes upon the others, and tells other processes of the change', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    await using there = await openCatalog(nats);
    const made = await here.catalog.create(books, placement);
    expect(await there.catalog.find('books')).toEqual(made);
    const heard: CatalogChange[] = [];
    there.catalog.onChange((change) => heard.push(change));
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
    const catalogs = [here.catalog, there.catalog];
    await Promise.all(keys.map((key, i) => catalogs[i % 2]?.update('books', indexing(key))));
    expect((await here.catalog.refreshAll()).uids).toEqual(new Set([made.uid]));
    const found = await here.catalog.find('books');
    expect(found?.payload_indexes.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    await until(() => heard.at(-1)?.record.payload_indexes.length === keys.length);
    expect(new Set(heard.map(({ kind }) => kind))).toEqual(new Set(['changed']));
    expect(there.catalog.findByUid(made.uid)).toEqual(found);
    await expect(here.catalog.update('absent', (record) => record)).rejects.toMatchObject({
      type: 'collection_not_found',
    });
  });

  it('reads a record from before there were payload indexes as one that has none', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    const { payload_indexes, ...old } = await here.catalog.create(books, placement);
    expect(payload_indexes).toEqual([]);
    const connection = await connectNats({ servers: nats.url, name: 'older' });
    const bucket = await new Kvm(connection).open(buckets.collections);
    await bucket.put('books', JSON.stringify(old));
    await connection.close();
    await using there = await openCatalog(nats);
    expect(await there.catalog.find('books')).toEqual({ ...old, payload_indexes: [] });
  });

  it('lets one of a collection and an alias have a name, whoever asks first', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    await using there = await openCatalog(nats);
    const target = await here.catalog.create(books, placement);
    expect(await there.catalog.find('books')).toEqual(target);
    for (const name of ['a', 'b', 'c', 'd']) {
      const collection = NewCollection.parse({ name, dimension: 4 });
      const alias = collection.name;
      const settled = await Promise.allSettled([
        here.catalog.create(collection, placement),
        there.catalog.aliases.put(alias, target),
      ]);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { type: 'collection_already_exists' },
      });
    }
  });

  it('reads an alias as the collection that it stands for, in every process, and not as another of its name', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    await using there = await openCatalog(nats);
    const [first, second] = [
      await here.catalog.create(books, placement),
      await here.catalog.create(NewCollection.parse({ name: 'films', dimension: 4 }), placement),
    ];
    const alias = NewCollection.parse({ name: 'current', dimension: 4 }).name;
    expect((await here.catalog.aliases.put(alias, first)).created).toBe(true);
    expect(await there.catalog.find('current')).toEqual(first);
    expect((await here.catalog.aliases.put(alias, second)).created).toBe(false);
    await until(async () => (await there.catalog.find('current'))?.uid === second.uid);
    expect((await here.catalog.refreshAll()).uids).toEqual(new Set([first.uid, second.uid]));
    expect(here.catalog.list()).toEqual([first, second]);
    await expect(here.catalog.drop('current')).rejects.toMatchObject({ type: 'collection_not_found' });
    await expect(here.catalog.update('current', (record) => record)).rejects.toMatchObject({
      type: 'collection_not_found',
    });
    await here.catalog.drop('films');
    const namesake = await here.catalog.create(NewCollection.parse({ name: 'films', dimension: 4 }), placement);
    expect(await here.catalog.find('films')).toEqual(namesake);
    expect(await here.catalog.find('current')).toBeUndefined();
    expect(here.catalog.aliases.list()).toEqual([]);
  });

  it('frees the name of an alias whose collection went without it', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    const target = await here.catalog.create(books, placement);
    const current = NewCollection.parse({ name: 'current', dimension: 4 });
    await here.catalog.aliases.put(current.name, target);
    // As a process leaves it that ends while it drops the collection.
    const connection = await connectNats({ servers: nats.url, name: 'ended' });
    await (await new Kvm(connection).open(buckets.collections)).delete('books');
    await connection.close();
    expect((await here.catalog.refreshAll()).uids).toEqual(new Set());
    await until(() => here.catalog.list().length === 0);
    expect(await here.catalog.find('current')).toBeUndefined();
    await expect(here.catalog.aliases.get('current')).rejects.toMatchObject({ type: 'not_found' });
    const made = await here.catalog.create(current, placement);
    expect(await here.catalog.find('current')).toEqual(made);
  });

  it('gives the aliases of a collection that is replaced to the one in its place', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    const target = await here.catalog.create(books, placement);
    const alias = NewCollection.parse({ name: 'current', dimension: 4 }).name;
    await here.catalog.aliases.put(alias, target);
    const restored = { ...target, uid: newUid() };
    expect(await here.catalog.put(restored, { replace: true })).toEqual(target);
    expect(await here.catalog.find('current')).toEqual(restored);
    await expect(here.catalog.put({ ...restored, name: alias }, { replace: true })).rejects.toMatchObject({
      type: 'collection_already_exists',
    });
  });

  it('is complete when it is opened', async () => {
    await using nats = await startNats();
    await using first = await openCatalog(nats);
    for (const name of ['c', 'a', 'b'])
      await first.catalog.create(NewCollection.parse({ name, dimension: 4 }), placement);
    await first.catalog.drop('b');
    await using later = await openCatalog(nats);
    expect(later.catalog.list().map(({ name }) => name)).toEqual(['a', 'c']);
    await expect(later.catalog.drop('b')).rejects.toMatchObject({ type: 'collection_not_found' });
    expect(await later.catalog.find('b')).toBeUndefined();
  });

  it('reads what its leader holds, whatever it has heard of itself', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    await using deaf = await openCatalog(nats);
    deaf.catalog.close();
    const names = Array.from({ length: 20 }, (_, i) => `c${i}`);
    const made = await Promise.all(
      names.map((name) => here.catalog.create(NewCollection.parse({ name, dimension: 4 }), placement)),
    );
    await here.catalog.drop('c7');
    const kept = made.filter(({ name }) => name !== 'c7').map(({ uid }) => uid);
    expect((await deaf.catalog.refreshAll()).uids).toEqual(new Set(kept));
    expect(
      deaf.catalog
        .list()
        .map(({ uid }) => uid)
        .toSorted(),
    ).toEqual(kept.toSorted());
  });

  it('refuses to say what it holds while there is a record that it does not understand', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    await here.catalog.create(books, placement);
    const connection = await connectNats({ servers: nats.url, name: 'newer' });
    const bucket = await new Kvm(connection).open(buckets.collections);
    await bucket.put('newer', JSON.stringify({ v: 2 }));
    await expect(here.catalog.refreshAll()).rejects.toMatchObject({ type: 'internal_error' });
    await connection.close();
  });

  it('hears of changes again after its server was killed and restarted', async () => {
    await using nats = await startNats();
    await using here = await openCatalog(nats);
    await using there = await openCatalog(nats);
    await nats.kill();
    await nats.restart();
    const made = await here.catalog.create(books, placement);
    await until(() => there.catalog.list().some(({ uid }) => uid === made.uid), {
      what: 'hearing of the creation',
    });
  });
});

describe('the node registry', () => {
  it('knows who joined', async () => {
    await using nats = await startNats();
    const connection = await connectNats({ servers: nats.url, name: 'test' });
    const registry = await NodeRegistry.open({ connection, replicas: 1, logger });
    await registry.register({ node, host: '127.0.0.1', port: 1 });
    await registry.register({ node, host: '127.0.0.1', port: 2 });
    expect(registry.nodes()).toEqual([{ v: 1, node, host: '127.0.0.1', port: 2 }]);
    registry.close();
    await connection.close();
  });
});

describe('the durability check', () => {
  it('passes a server that syncs every write and refuses one that does not', async () => {
    await using durable = await startNats();
    await using lazy = await startNats({ sync: 'sync_interval: "2m"' });
    const away = `http://127.0.0.1:${await freePort()}`;
    await expect(checkDurability([away, durable.monitorUrl])).resolves.toBeUndefined();
    await expect(checkDurability([durable.monitorUrl, lazy.monitorUrl])).rejects.toThrow('before they are on disk');
    await expect(checkDurability([away])).rejects.toThrow('does not answer');
  });
});
