import { setTimeout as sleep } from 'node:timers/promises';
import type { CollectionUid } from '@vectorizer/contracts';
import type { Log } from '@vectorizer/log';
import { until } from '@vectorizer/testing';
import { loggedEntry, type LoggedEntry, type ShardLog } from './logged.ts';

const ENTRY_MS_MAX = 60_000;
const RETRY_MS = 250;
/** Log servers that were struck elect a leader within seconds; longer on a busy machine. */
const LEADER_MS_MAX = 60_000;

type LogEnds = { readonly firstSequence: number; readonly lastSequence: number };

/**
 * A collection's logs, read from their first entry while the cluster works, since it cuts off what it has stored a snapshot of.
 * They are read through each log server apart: through one that is struck nothing comes for a while, and may be cut off then.
 */
export class FollowedLogs {
  readonly #logs: readonly Log[];
  readonly #uid: CollectionUid;
  readonly #ending = new AbortController();
  readonly #entries: readonly Map<number, LoggedEntry>[];
  readonly #readers: readonly Promise<void>[];

  constructor(logs: readonly Log[], uid: CollectionUid, shards: number) {
    this.#logs = logs;
    this.#uid = uid;
    this.#entries = Array.from({ length: shards }, () => new Map<number, LoggedEntry>());
    this.#readers = this.#entries.flatMap((_, shard) => logs.map(async (log) => this.#follow(log, shard)));
  }

  /** Of each shard's log the ends, as its leader knows them. After faults it may take a while until there is one. */
  async ends(): Promise<readonly LogEnds[]> {
    return Promise.all(this.#entries.map(async (_, shard) => this.#endsOf(shard)));
  }

  async #endsOf(shard: number): Promise<LogEnds> {
    const endMs = performance.now() + LEADER_MS_MAX;
    for (;;) {
      try {
        return await Promise.any(this.#logs.map(async (log) => log.state(this.#uid, shard)));
      } catch (cause) {
        if (performance.now() > endMs) throw cause;
      }
      await sleep(RETRY_MS);
    }
  }

  /** All that is logged now. Throws where an entry was not read in time, as when it was cut off before. */
  async now(): Promise<readonly ShardLog[]> {
    const ends = await this.ends();
    const logs: ShardLog[] = [];
    for (const [shard, entries] of this.#entries.entries()) {
      const sequences = Array.from({ length: ends[shard]?.lastSequence ?? 0 }, (_, i) => i + 1);
      await until(() => sequences.every((sequence) => entries.has(sequence)), {
        timeoutMs: ENTRY_MS_MAX,
        what: `the log of shard ${shard} being read up to ${sequences.length}`,
      });
      logs.push(sequences.flatMap((sequence) => entries.get(sequence) ?? []));
    }
    return logs;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#readers);
  }

  /** From its first entry on, and again from the first that is left where some were cut off unread. */
  async #follow(log: Log, shard: number): Promise<void> {
    const { signal } = this.#ending;
    let after = 0;
    while (!signal.aborted) {
      try {
        for await (const { sequence, bytes } of log.read(this.#uid, shard, { after, signal })) {
          after = sequence;
          const entries = this.#entries[shard];
          if (entries?.has(sequence) === false) entries.set(sequence, loggedEntry(sequence, bytes));
        }
      } catch {
        // Its server is struck, or entries were cut off unread: those are read through another, or missed at the end.
        const { firstSequence } = await log.state(this.#uid, shard).catch(() => ({ firstSequence: 0 }));
        after = Math.max(after, firstSequence - 1);
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
