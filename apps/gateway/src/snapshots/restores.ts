import type { Catalog } from '@vectorizer/cluster';
import {
  newUid,
  shardDescribe,
  shardRestore,
  type Backup,
  type BackupId,
  type CallContext,
  type CollectionName,
  type CollectionRecord,
  type CollectionUid,
  type Restore,
  type RestoreBody,
  type ShardSnapshot,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Log } from '@vectorizer/log';
import { invalidField } from '@vectorizer/frame';
import { placeShards } from '../collections/placement.ts';
import { busy, longCall, SHARD_MS_MAX, type Snapshots, type SnapshotsParts } from './snapshots.ts';

type Parts = SnapshotsParts & { readonly catalog: Catalog; readonly log: Log; readonly snapshots: Snapshots };
type Made = { readonly record: CollectionRecord; readonly shards: readonly ShardSnapshot[] };
type Wanted = { readonly name: CollectionName; readonly replace: boolean; readonly sequences: readonly number[] };

/**
 * Makes collections of snapshots: each shard's state is brought to the wanted sequence, and a log that begins right
 * after it is made for it. So versions, sequences and state hashes stay what they were, and are compared in the end.
 */
export class Restores {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Answers when it has begun: the snapshot tells of its progress. */
  async start(backup: Backup, body: RestoreBody, context: CallContext): Promise<Backup> {
    const { backups, snapshots } = this.#parts;
    const wanted = await this.#wanted(backup, body);
    const now = new Date().toISOString();
    const restore: Restore = { name: wanted.name, state: 'running', started_at: now, updated_at: now };
    let begun = backup;
    await snapshots.run(async () => {
      const updated = await backups.update(backup.id, (found) => {
        if (found.restore?.state === 'running' && found.restore.updated_at > backup.updated_at) throw busy(found.id);
        return { ...found, restore };
      });
      if (updated === undefined) throw new Failure('not_found', `snapshot ${backup.id} was removed`);
      begun = updated;
      return async () => this.#restore(backup, wanted, context);
    });
    return begun;
  }

  /** Throws what can be seen to be impossible before anything is done. */
  async #wanted(backup: Backup, { name = backup.collection, replace, sequences, time }: RestoreBody): Promise<Wanted> {
    if (backup.state !== 'complete') throw new Failure('version_conflict', `snapshot ${backup.id} is not complete`);
    if (!replace && (await this.#parts.catalog.find(name)) !== undefined) {
      throw new Failure('collection_already_exists', `collection ${name} exists; restore with "replace": true`, {
        details: { collection: name },
      });
    }
    if (sequences !== undefined && sequences.length !== backup.shards.length) {
      throw invalidField('sequences', `expected ${backup.shards.length}, one for each shard`);
    }
    const until = await Promise.all(
      complete(backup).map(async ({ shard, sequence }) => {
        if (sequences !== undefined)
          return this.#reachable(backup, { shard, from: sequence, to: sequences[shard] ?? 0 });
        if (time !== undefined) return this.#atTime(backup, { shard, from: sequence, moment: Date.parse(time) });
        return sequence;
      }),
    );
    return { name, replace, sequences: until };
  }

  async #atTime(
    { uid, created_at }: Backup,
    { shard, from, moment }: { readonly shard: number; readonly from: number; readonly moment: number },
  ): Promise<number> {
    // One millisecond on: what was logged in the very millisecond is in.
    const last = await this.#parts.log.lastSequenceBefore(uid, shard, moment + 1);
    if (last >= from) return last;
    throw invalidField('time', `the snapshot is of ${created_at}, after that moment; take an older one`);
  }

  async #reachable(
    { uid }: Backup,
    { shard, from, to }: { readonly shard: number; readonly from: number; readonly to: number },
  ): Promise<number> {
    if (to === from) return to;
    if (to < from)
      throw invalidField(`sequences.${shard}`, `the snapshot is of ${from}, after ${to}; take an older one`);
    const { firstSequence, lastSequence } = await this.#parts.log.state(uid, shard);
    if (to > lastSequence) throw invalidField(`sequences.${shard}`, `the log ends at ${lastSequence}`);
    if (from + 1 >= firstSequence) return to;
    throw invalidField(`sequences.${shard}`, `the log begins at ${firstSequence}, after the snapshot's ${from}`);
  }

  async #restore(backup: Backup, wanted: Wanted, context: CallContext): Promise<void> {
    const { snapshots, logger } = this.#parts;
    const uid = newUid();
    try {
      const shards = await snapshots.whileAlive(backup.id, alive, async () => {
        const made = await this.#make(uid, backup, { wanted, context });
        await this.#verify(made, context);
        return made.shards;
      });
      const points = shards.reduce((sum, shard) => sum + shard.points, 0);
      await this.#say(backup.id, { state: 'complete', uid, sequences: shards.map(({ sequence }) => sequence), points });
    } catch (cause) {
      logger.error({ err: cause, snapshot: backup.id, collection: wanted.name }, 'a restore has failed');
      await this.#say(backup.id, { state: 'failed', reason: Failure.from(cause).message });
    }
  }

  /** The shards' states are stored first, then their logs are made; with the catalog's record the collection is there. */
  async #make(
    uid: CollectionUid,
    backup: Backup,
    { wanted, context }: { readonly wanted: Wanted; readonly context: CallContext },
  ): Promise<Made> {
    const { bus, catalog, collections, log } = this.#parts;
    const { config, payload_indexes } = backup;
    const shards: ShardSnapshot[] = [];
    try {
      const nodes = await collections.liveNodes(config.replication_factor, context);
      const placement = placeShards(uid, config, nodes);
      for (const [shard, up_to] of wanted.sequences.entries()) {
        const [node] = placement[shard] ?? [];
        if (node === undefined) throw new Failure('index_unavailable', 'no index node is there');
        const input = { uid, shard, from: backup.id, log: backup.uid, up_to, config };
        shards.push(await bus.call(shardRestore, input, longCall(context, node)));
      }
      await log.ensureStreams(
        uid,
        shards.length,
        shards.map(({ sequence }) => sequence + 1),
      );
      const created_at = new Date().toISOString();
      const record: CollectionRecord = { v: 1, uid, name: wanted.name, created_at, config, placement, payload_indexes };
      const replaced = await catalog.put(record, { replace: wanted.replace });
      if (replaced !== undefined) await collections.removeTraces(replaced);
      return { record, shards };
    } catch (cause) {
      await this.#undo(uid);
      throw cause;
    }
  }

  /** Every replica holds what the snapshot says, point for point. */
  async #verify({ record, shards }: Made, context: CallContext): Promise<void> {
    const { bus, collections } = this.#parts;
    await collections.whenFollowing(record, { ...context, deadline: Date.now() + SHARD_MS_MAX });
    for (const { shard, sequence, points, state_hash } of shards) {
      for (const node of record.placement[shard] ?? []) {
        const report = await bus.call(shardDescribe, { uid: record.uid, shard }, longCall(context, node));
        // A client may have written already: then the hash of the snapshot was compared when it was fetched.
        const same =
          report.applied_sequence > sequence || (report.points === points && report.state_hash === state_hash);
        if (!same) {
          throw new Failure('storage_error', `shard ${shard} on ${node} is not what the snapshot says`, {
            details: { expected: { sequence, points, state_hash }, found: report },
          });
        }
      }
    }
  }

  async #undo(uid: CollectionUid): Promise<void> {
    const { log, store, logger } = this.#parts;
    await Promise.all([log.dropStreams(uid), store.dropAll(uid)]).catch((error: unknown) => {
      logger.error({ err: error, uid }, 'what a failed restore left could not be removed');
    });
  }

  async #say(id: BackupId, said: Partial<Restore>): Promise<void> {
    const updated_at = new Date().toISOString();
    await this.#parts.backups.update(id, (backup) =>
      backup.restore === undefined ? backup : { ...backup, restore: { ...backup.restore, ...said, updated_at } },
    );
  }
}

function alive(backup: Backup): Backup {
  const { restore } = backup;
  return restore === undefined ? backup : { ...backup, restore: { ...restore, updated_at: new Date().toISOString() } };
}

function complete({ id, shards }: Backup): ShardSnapshot[] {
  return shards.map((shard) => {
    if (shard !== null) return shard;
    throw new Failure('storage_error', `snapshot ${id} lacks a shard`);
  });
}
