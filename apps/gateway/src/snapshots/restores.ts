import {
  newUid,
  shardRestore,
  type Backup,
  type BackupId,
  type Bus,
  type CallContext,
  type CollectionName,
  type CollectionRecord,
  type CollectionUid,
  type Restore,
  type RestoreBody,
  type ShardSnapshot,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { invalidField } from '@vectorizer/frame';
import type { Log, LogState } from '@vectorizer/log';
import { placeShards } from '../collections/placement.ts';
import { fresh, isDead, SHARD_MS_MAX, type Progress } from './jobs.ts';
import { busy, type SnapshotsParts } from './snapshots.ts';
import { checkBuilt, compareReplicas, isMismatch, type Made } from './verify-restore.ts';

type Parts = SnapshotsParts & { readonly bus: Bus; readonly log: Log };
type Wanted = { readonly replace: boolean; readonly restore: Restore; readonly context: CallContext };
type Point = { readonly shard: number; readonly from: number; readonly taken_at: string };

const NODES_MS = 5_000;

/**
 * Makes collections of snapshots: each shard's state is brought to the wanted sequence, and a log that begins right
 * after it is made for it. So versions, sequences and state hashes stay what they were. The states are verified before the
 * collection is there, when nobody can have written to it; its replicas are compared with them once it is, and only then
 * does the collection that it replaces lose its logs.
 */
export class Restores {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Answers when it has begun: the snapshot tells of its progress. */
  async start(backup: Backup, body: RestoreBody, context: CallContext): Promise<Backup> {
    const { backups, jobs } = this.#parts;
    const { name = backup.collection, replace } = body;
    const sequences = await this.#possible(backup, body);
    const now = new Date().toISOString();
    const restore: Restore = { name, state: 'running', uid: newUid(), sequences, started_at: now, updated_at: now };
    let begun = backup;
    await jobs.run(async () => {
      const updated = await backups.update(backup.id, (found) => {
        const other = found.restore?.state === 'running' && found.restore.uid !== restore.uid;
        if (other && !isDead(backups, backup.id)) throw busy(found.id);
        return { ...found, restore };
      });
      if (updated === undefined) throw new Failure('not_found', `snapshot ${backup.id} was removed`);
      begun = updated;
      return async () => this.#restore(backup, { replace, restore, context });
    });
    return begun;
  }

  /** The sequence of each shard; throws what can be seen to be impossible before anything is done. */
  async #possible(
    backup: Backup,
    { name = backup.collection, replace, sequences, time }: RestoreBody,
  ): Promise<number[]> {
    if (backup.state !== 'complete') throw new Failure('version_conflict', `snapshot ${backup.id} is not complete`);
    if (!replace && (await this.#parts.catalog.find(name)) !== undefined) {
      throw new Failure('collection_already_exists', `collection ${name} exists; restore with "replace": true`, {
        details: { collection: name },
      });
    }
    if (sequences !== undefined && sequences.length !== backup.shards.length) {
      throw invalidField('sequences', `expected ${backup.shards.length}, one for each shard`);
    }
    return Promise.all(
      complete(backup).map(async ({ shard, sequence: from, taken_at }) => {
        const point = { shard, from, taken_at };
        if (sequences !== undefined) return this.#reachable(backup, point, sequences[shard] ?? 0);
        if (time !== undefined) return this.#atTime(backup, point, Date.parse(time));
        return from;
      }),
    );
  }

  async #atTime({ uid }: Backup, point: Point, moment: number): Promise<number> {
    const { shard, from, taken_at } = point;
    const { firstSequence } = await this.#logOf(uid, shard, 'time');
    // One millisecond on: what was logged in the very millisecond is in.
    const last = await this.#parts.log.lastSequenceBefore(uid, shard, moment + 1);
    // What the log no longer holds has no time any more but the snapshot's.
    const early = last < from || (last === from && from < firstSequence && moment < Date.parse(taken_at));
    if (early) throw invalidField('time', `the snapshot is of ${taken_at}, after that moment; take an older one`);
    if (from + 1 >= firstSequence) return last;
    throw invalidField('time', `the log begins at ${firstSequence}, after the snapshot's ${from}; take a newer one`);
  }

  async #reachable({ uid }: Backup, { shard, from }: Point, to: number): Promise<number> {
    if (to === from) return to;
    const field = `sequences[${shard}]`;
    if (to < from) throw invalidField(field, `the snapshot is of ${from}, after ${to}; take an older one`);
    const { firstSequence, lastSequence } = await this.#logOf(uid, shard, field);
    if (to > lastSequence) throw invalidField(field, `the log ends at ${lastSequence}`);
    if (from + 1 >= firstSequence) return to;
    throw invalidField(field, `the log begins at ${firstSequence}, after the snapshot's ${from}; take a newer one`);
  }

  async #logOf(uid: CollectionUid, shard: number, field: string): Promise<LogState> {
    return this.#parts.log.state(uid, shard).catch((cause: unknown) => {
      if (Failure.from(cause).type !== 'collection_not_found') throw cause;
      throw invalidField(field, 'the log went with its collection; what is stored is the snapshot itself');
    });
  }

  async #restore(backup: Backup, wanted: Wanted): Promise<void> {
    const { collections, jobs, logger } = this.#parts;
    try {
      const said = await jobs.whileAlive(backup.id, alive, async (progress) => {
        const made = await this.#make(backup, wanted, progress);
        const replicas_compared = await this.#verify(made, wanted);
        const aliases_left = await this.#giveAliases(backup, made.record);
        if (made.replaced !== undefined) await collections.removeTraces(made.replaced);
        return { points: made.shards.reduce((sum, { points }) => sum + points, 0), replicas_compared, aliases_left };
      });
      await this.#say(backup.id, wanted.restore, { state: 'complete', verified: true, ...said });
    } catch (cause) {
      logger.error({ err: cause, snapshot: backup.id, collection: wanted.restore.name }, 'a restore has failed');
      await this.#say(backup.id, wanted.restore, { state: 'failed', reason: Failure.from(cause).message });
    }
  }

  /** The shards' states are stored first, then their logs are made; with the catalog's record the collection is there. */
  async #make(backup: Backup, { replace, restore, context }: Wanted, progress: Progress): Promise<Made> {
    const { catalog, collections, jobs, log } = this.#parts;
    const { config, payload_indexes, cache } = backup;
    const { uid, name } = restore;
    const shards: ShardSnapshot[] = [];
    try {
      const nodes = await collections.liveNodes(config.replication_factor, fresh(context, NODES_MS));
      const placement = placeShards(uid, config, nodes);
      for (const [shard, up_to] of restore.sequences.entries()) {
        const [node] = placement[shard] ?? [];
        if (node === undefined) throw new Failure('index_unavailable', 'no index node is there');
        const input = { uid, shard, from: backup.id, log: backup.uid, up_to, config };
        const built = await jobs.onNode(shardRestore, input, { node, context, progress });
        checkBuilt(built, { up_to, stored: backup.shards[shard] });
        shards.push(built);
        progress.movedBytes = 0;
      }
      const first = shards.map(({ sequence }) => sequence + 1);
      await log.ensureStreams(uid, shards.length, { first, deadline: fresh(context, NODES_MS).deadline });
      jobs.throwIfClosing();
      const created_at = new Date().toISOString();
      const record: CollectionRecord = { v: 1, uid, name, created_at, config, placement, payload_indexes, cache };
      return { backup: backup.id, record, shards, replaced: await catalog.put(record, { replace }) };
    } catch (cause) {
      await this.#undo(uid);
      throw cause;
    }
  }

  /** How many replicas were compared. Where one is not what was stored, the collection that was replaced is there again. */
  async #verify(made: Made, { restore, context }: Wanted): Promise<number> {
    const { bus, collections } = this.#parts;
    const { record, replaced } = made;
    try {
      if (replaced !== undefined) await this.#say(made.backup, restore, { replaces: replaced.uid });
      await collections.whenFollowing(record, fresh(context, SHARD_MS_MAX));
      return await compareReplicas(bus, made, () => fresh(context, NODES_MS));
    } catch (cause) {
      if (replaced !== undefined && isMismatch(cause)) await this.#putBack(replaced, record);
      throw cause;
    }
  }

  /** Under its own name a collection gets its other names again; those that are something else's by now are answered. */
  async #giveAliases({ collection, aliases }: Backup, record: CollectionRecord): Promise<CollectionName[]> {
    if (record.name !== collection) return [];
    const left: CollectionName[] = [];
    for (const alias of aliases) {
      if (!(await this.#parts.catalog.aliases.claim(alias, record))) left.push(alias);
    }
    return left;
  }

  async #putBack(replaced: CollectionRecord, made: CollectionRecord): Promise<void> {
    const { catalog, collections } = this.#parts;
    const found = await catalog.find(made.name);
    // Somebody dropped it, or replaced it in turn.
    if (found?.uid !== made.uid) return;
    await catalog.put(replaced, { replace: true });
    await collections.removeTraces(made);
  }

  /** Unless it is the catalog's by now: its answer may have got lost. */
  async #undo(uid: CollectionUid): Promise<void> {
    const { catalog, log, store, logger } = this.#parts;
    try {
      const { uids } = await catalog.refreshAll();
      if (!uids.has(uid)) await Promise.all([log.dropStreams(uid), store.dropAll(uid)]);
    } catch (error) {
      logger.error({ err: error, uid }, 'what a failed restore left could not be removed yet');
    }
  }

  async #say(id: BackupId, { uid }: Restore, said: Partial<Restore>): Promise<void> {
    const updated_at = new Date().toISOString();
    await this.#parts.backups.update(id, (backup) =>
      backup.restore?.uid === uid
        ? { ...backup, moved_bytes: 0, restore: { ...backup.restore, ...said, updated_at } }
        : backup,
    );
  }
}

function alive(backup: Backup, movedBytes: number): Backup {
  const { restore } = backup;
  if (restore === undefined) return backup;
  return { ...backup, moved_bytes: movedBytes, restore: { ...restore, updated_at: new Date().toISOString() } };
}

function complete({ id, shards }: Backup): ShardSnapshot[] {
  return shards.map((shard) => {
    if (shard !== null) return shard;
    throw new Failure('storage_error', `snapshot ${id} lacks a shard`);
  });
}
