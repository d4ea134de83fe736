import { entriesIn, type AuditLog, type StoredAudit } from '@vectorizer/cluster';
import type { Answer, AuditEntry, NumberedAuditEntry } from '@vectorizer/contracts';

/** Messages that are looked through for one answer, and read at once. */
const LOOKED_MAX = 2_000;
const CHUNK = 64;
/** Of one answer about the chain. */
const CHAIN_MESSAGES_MAX = 256;

export type AuditQuery = {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly result?: AuditEntry['result'] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit: number;
  /** Where an answer ended: what is older is looked at. */
  readonly before?: string | undefined;
};
export type AuditPage = Answer<'AuditPage'>;
export type ChainPart = Answer<'AuditChain'>;

/** Reads the audit log. */
export class Audit {
  readonly #log: AuditLog;

  constructor(log: AuditLog) {
    this.#log = log;
  }

  /** Newest first. A page may hold less than was asked for, and still have a next: so much was looked through. */
  async find(query: AuditQuery): Promise<AuditPage> {
    const { first, last } = await this.#log.state();
    const [start = last, place = Number.POSITIVE_INFINITY] = (query.before?.split('.') ?? []).map(Number);
    const entries: NumberedAuditEntry[] = [];
    let sequence = Math.min(start, last);
    const end = Math.max(first, sequence - LOOKED_MAX);
    while (sequence >= end && sequence > 0) {
      const chunk = range(Math.max(end, sequence - CHUNK + 1), sequence).toReversed();
      for (const stored of await this.#log.read(chunk)) {
        for (const { entry, index } of newestFirst(stored)) {
          if (stored.sequence === start && index >= place) continue;
          if (query.from !== undefined && entry.at < query.from) continue;
          if (!matches(entry, query)) continue;
          entries.push(entry);
          if (entries.length === query.limit) return { entries, next: entry.id };
        }
      }
      sequence -= chunk.length;
    }
    return { entries, next: sequence >= first && sequence > 0 ? `${sequence + 1}.0` : null };
  }

  /** The messages after one, as they are, for whoever wants to see for themselves that nothing is missing. */
  async chain(after: number): Promise<ChainPart> {
    const { first, last, created } = await this.#log.state();
    const from = Math.max(after + 1, first);
    const stored = await this.#log.read(range(from, Math.min(last, from + CHAIN_MESSAGES_MAX - 1)));
    const messages = stored.map(({ sequence, bytes }) => ({ sequence, data: Buffer.from(bytes).toString('base64') }));
    return { first, last, created, messages };
  }
}

function newestFirst(stored: StoredAudit): { readonly entry: NumberedAuditEntry; readonly index: number }[] {
  return entriesIn(stored)
    .map((entry, index) => ({ entry, index }))
    .toReversed();
}

function matches(entry: AuditEntry, { actor, action, target, result, to }: AuditQuery): boolean {
  if (actor !== undefined && entry.actor !== actor) return false;
  if (action !== undefined && entry.action !== action) return false;
  if (target !== undefined && !entry.target.startsWith(target)) return false;
  return (result === undefined || entry.result === result) && (to === undefined || entry.at <= to);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
