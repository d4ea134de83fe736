import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VectorizerClient } from '@vectorizer/client';
import type { LogServer } from '../system/log-server.ts';

/** The first thing that a stream tells. */
async function first<Item>(items: AsyncGenerator<Item>): Promise<Item> {
  for await (const item of items) return item;
  throw new Error('the stream has ended');
}

export async function useCollections(client: VectorizerClient): Promise<void> {
  await client.createCollection({ name: 'walked', dimension: 2, metric: 'dot' });
  await client.listCollections();
  await client.setCache('walked', false);
  await client.putPayloadIndex('walked', { key: 'n', type: 'integer' });
  await client.listPayloadIndexes('walked');
  await client.aliases.set('by-another-name', 'walked');
  await client.aliases.list();
  await client.aliases.get('by-another-name');
  await client.getCollection('by-another-name');
  await client.aliases.delete('by-another-name');
  await client.deletePayloadIndex('walked', 'n');
}

export async function usePoints(client: VectorizerClient): Promise<void> {
  await client.upsert('walked', [{ id: 'a', vector: [1, 2], payload: { n: 1 } }], { idempotencyKey: 'walk-1' });
  await client.operation('walked', 'walk-1');
  await client.insert('walked', [{ id: 'b', vector: Float32Array.of(2, 1) }]);
  await client.batch('walked', [{ op: 'upsert', id: 'c', vector: [3, 3] }]);
  await client.update('walked', { id: 'a', vector: [1, 3] });
  await client.patch('walked', { id: 'a', merge: { m: 2 } });
  await client.get('walked', { ids: ['a', 'nobody'] });
  await client.getOne('walked', 'a', { with_vector: false, consistency: 'strong' });
  await client.scroll('walked');
  await client.count('walked');
  await client.search('walked', { vector: [1, 1] });
  await client.searchBatch('walked', { searches: [{ vector: [1, 1] }] });
  await client.recommend('walked', { positive: ['a'], negative: [[0, 1]] });
  await client.searchMany(['walked'], { vector: [1, 1] });
  await first(client.changes('walked'));
  await first(client.changes('walked', { near: { vector: Float32Array.of(1, 1), k: 1 } }));
  await client.deleteOne('walked', { id: 'c' });
  await client.delete('walked', ['b']);
}

export async function useSnapshots(client: VectorizerClient): Promise<void> {
  const { id } = await client.snapshots.create('walked');
  const taken = await client.snapshots.finished('walked', id);
  if (taken.state !== 'complete' || taken.points !== 1) throw new Error(`the snapshot: ${JSON.stringify(taken)}`);
  await client.snapshots.list('walked');
  const archive = await Array.fromAsync(client.snapshots.download('walked', id));
  const bytes = archive.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes < taken.bytes) throw new Error(`${bytes} bytes were downloaded of ${taken.bytes}`);
  const again = await client.snapshots.upload('walked', Readable.from(archive));
  if (again.bytes !== taken.bytes) throw new Error(`the upload: ${JSON.stringify(again)}`);
  await client.snapshots.delete('walked', again.id);
  await client.snapshots.restore('walked', { id, name: 'restored' });
  const { restore } = await client.snapshots.finished('walked', id);
  if (restore?.state !== 'complete') throw new Error(`the restore: ${JSON.stringify(restore)}`);
  await client.deleteCollection('restored');
  await client.snapshots.delete('walked', id);
}

export async function useReplication(client: VectorizerClient): Promise<void> {
  const { replicas } = await client.replication.status();
  await client.replication.stats();
  await client.replication.replicas({ routable: true });
  await client.replication.proof('walked');
  await first(client.replication.events({ after: 0 }));
  const [replica] = replicas.filter(({ collection }) => collection === 'walked');
  if (replica === undefined) throw new Error('the collection has a replica');
  await client.replication.replica(replica.id);
  const resync = await client.replication.resync(replica.id);
  const anew = await client.replication.resynced(replica.id, resync ?? '');
  if (anew.resync?.state !== 'complete') throw new Error(`the resync: ${JSON.stringify(anew)}`);
  const [node] = await client.replication.nodes();
  const refused = await client.replication.removeNode(node?.node ?? '').then(
    () => 'removed',
    () => 'refused',
  );
  if (refused !== 'refused') throw new Error('a node that has replicas is not removed');
}

export async function useAccess(client: VectorizerClient): Promise<void> {
  await client.keys.me();
  await client.roles.set('reader', ['search_vector']);
  await client.roles.list();
  const { id } = await client.keys.create({ name: 'walker', roles: ['reader'] });
  await client.keys.list();
  await client.keys.get(id);
  await client.keys.rotate(id, 0);
  await client.keys.revoke(id);
  await client.roles.delete('reader');
  const entries: string[] = [];
  for await (const { action } of client.audit.findAll({ limit: 2 })) entries.push(action);
  if (!entries.includes('keys.create')) throw new Error(`the audit log has ${entries.join(', ')}`);
  await client.audit.chain(0);
}

/** `key`: the id of one whose events these are. */
export async function useEvents(client: VectorizerClient, nats: LogServer, key: string): Promise<void> {
  const publish = async (vector: number[]): Promise<number> => {
    const acknowledged = await nats.ask(`vectorizer.events.walked.upsert.${key}`, { id: 'd', vector });
    return (acknowledged as { seq: number }).seq;
  };
  await client.events.token('walked', await publish([4, 4]));
  await publish([1, 2, 3]);
  await publish([1, 2, 3, 4]);
  let letters: number[] = [];
  while (letters.length < 2) {
    letters = (await Array.fromAsync(client.events.deadLetters())).map(({ sequence }) => sequence);
    await sleep(5);
  }
  await client.events.deadLetter(letters[0] ?? 0);
  await client.events.retry(letters[0] ?? 0);
  await client.events.drop(letters[1] ?? 0);
}

export async function useSystem(client: VectorizerClient): Promise<void> {
  await client.system.health();
  await client.system.ready();
  await client.system.live();
  await client.system.metrics();
  await client.system.slowQueries({ min_ms: 0 });
  await client.system.logs('walk-1');
  await client.system.setLogLevel({ level: await client.system.logLevel() });
  await first(client.system.samples());
}
