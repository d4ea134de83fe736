import type { CallContext, CollectionRecord, CollectionUid, Sequences } from '@vectorizer/contracts';
import { endReaching, refuseAhead, type Log, type LogEnd } from '@vectorizer/log';
import { later } from './sessions.ts';

/** A log that says nothing for so long is not waited for: what asks for no more than its word goes on without it. */
const SILENT_MS_MAX = 100;

/**
 * How far each log is known to go, by what was answered from it. What a token names beyond that is looked up, unless a read
 * waits for it anyhow: so a token that names what no log has is refused by every request, and costs those that are sound
 * nothing.
 */
export class LogReach {
  readonly #log: Pick<Log, 'state'>;
  readonly #known = new Map<CollectionUid, Sequences>();

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

  /** Throws `token_ahead`. */
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

  /** Undefined when the log does not say in time. */
  async #endReaching(sequence: number, { uid, shard, context }: Shard): Promise<LogEnd | undefined> {
    const silent = new AbortController();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const giveUp = (): void => {
      silent.abort();
      resolve(undefined);
    };
    const deadline = setTimeout(giveUp, Math.max(0, context.deadline - Date.now()));
    const silence = setTimeout(giveUp, SILENT_MS_MAX);
    const ask = async (): Promise<LogEnd> => {
      const end = await this.#log.state(uid, shard);
      clearTimeout(silence);
      return end;
    };
    try {
      return await Promise.race([endReaching(sequence, ask, silent.signal), promise]);
    } catch {
      // Of a log that is away, or gone with its collection, the request itself is told.
      return undefined;
    } finally {
      clearTimeout(deadline);
      clearTimeout(silence);
    }
  }
}

type Shard = { readonly uid: CollectionUid; readonly shard: number; readonly context: CallContext };

function covers(known: Sequences, sequences: Sequences): boolean {
  return sequences.every((sequence, shard) => sequence <= (known[shard] ?? 0));
}
