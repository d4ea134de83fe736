import {
  covers,
  withTimeToAnswer,
  type CallContext,
  type CollectionRecord,
  type CollectionUid,
  type Sequences,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { endReaching, refuseAhead, type Log, type LogEnd } from '@vectorizer/log';
import { later } from './sessions.ts';

/** A log that says nothing for so long is not waited for: what asks for no more than its word goes on without it. */
const SILENT_MS_MAX = 500;

/**
 * How far each log is known to go, by what was answered from it. What a token names beyond that is looked up, unless a read
 * waits for it anyhow: so a token that names what no log has is refused by every request. One that is sound costs nothing at
 * the gateway that wrote, and elsewhere a question to the log, which those who ask at the same time share.
 */
export class LogReach {
  readonly #log: Pick<Log, 'state'>;
  readonly #known = new Map<CollectionUid, Sequences>();
  /** Questions that are under way, by log. */
  readonly #asked = new Map<string, Promise<LogEnd>>();

  constructor(log: Pick<Log, 'state'>) {
    this.#log = log;
  }

  learn(uid: CollectionUid, sequences: Sequences): void {
    const known = this.#known.get(uid);
    if (known === undefined || !covers(known, sequences)) this.#known.set(uid, later(known, sequences));
  }

  forget(uid: CollectionUid): void {
    this.#known.delete(uid);
  }

  /** Throws `token_ahead`; `replica_behind` when the log has said that it lacks what is named, and may not know better in time. */
  async check({ uid }: CollectionRecord, token: Sequences | undefined, context: CallContext): Promise<void> {
    if (token === undefined) return;
    const known = this.#known.get(uid) ?? [];
    if (covers(known, token)) return;
    await Promise.all(
      token.map(async (named, shard) => {
        if (named <= (known[shard] ?? 0)) return;
        const end = await this.#endReaching(named, { uid, shard, context });
        if (end === undefined) return;
        refuseAhead({ shard, demanded: named }, end);
        this.learn(
          uid,
          token.map((_, other) => (other === shard ? end.lastSequence : 0)),
        );
      }),
    );
  }

  /** Undefined when the log does not say. */
  async #endReaching(sequence: number, { uid, shard, context }: Shard): Promise<LogEnd | undefined> {
    const silent = new AbortController();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const giveUp = (): void => {
      silent.abort();
      resolve(undefined);
    };
    const leftMs = withTimeToAnswer(context).deadline - Date.now();
    const deadline = setTimeout(giveUp, Math.max(0, leftMs));
    let said: LogEnd | undefined;
    // After a look at the socket: where this process stood still, the answer may lie there.
    const silence = setTimeout(() => setImmediate(() => said ?? giveUp()), SILENT_MS_MAX);
    const ask = async (): Promise<LogEnd> => {
      said = await this.#end(uid, shard);
      // Whoever was first to ask may have done so before this entry was written.
      if (said.lastSequence < sequence) said = await this.#end(uid, shard);
      return said;
    };
    try {
      // Of a log that is away, or gone with its collection, the request itself is told.
      const asking = endReaching(sequence, ask, silent.signal).catch(() => undefined);
      const end = await Promise.race([asking, promise]);
      if (end === undefined && said !== undefined) throw outOfTime({ shard, demanded: sequence }, said);
      return end;
    } finally {
      clearTimeout(deadline);
      clearTimeout(silence);
    }
  }

  /** As its leader says, to all who ask before that is known. */
  async #end(uid: CollectionUid, shard: number): Promise<LogEnd> {
    const log = `${uid}/${shard}`;
    const asked = this.#asked.get(log);
    if (asked !== undefined) return asked;
    const asking = this.#log.state(uid, shard).finally(() => this.#asked.delete(log));
    this.#asked.set(log, asking);
    return asking;
  }
}

/** Said before a write is sent anywhere, so it is certain that nothing was written. */
function outOfTime(
  { shard, demanded }: { readonly shard: number; readonly demanded: number },
  { lastSequence }: LogEnd,
): Failure {
  const message = `entry ${demanded} of shard ${shard} is demanded, and its log is not known to go beyond ${lastSequence} yet`;
  const details = { shard, demanded, log_ends_at: lastSequence, lag_entries: demanded - lastSequence };
  return new Failure('replica_behind', message, { details });
}

type Shard = { readonly uid: CollectionUid; readonly shard: number; readonly context: CallContext };
