import type { NatsConnection } from '@nats-io/transport-node';
import { buckets, KeyRecord, limits, type KeyId, type NewKey } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { hashOfKey, idInKey, isGood, isKeyOf, newKeyId, newKeyText } from './api-key.ts';
import { KvMirror, type MirrorChange } from './kv-mirror.ts';

/** A key that was revoked must be so everywhere within a second, also where the watch of the bucket has died. */
const CHECK_INTERVAL_MS = 400;

/**
 * While no log server can be asked, the keys that are known stay good for so long: long enough for servers that are started
 * anew, and not for ever, since nobody would hear of a revocation.
 */
const UNCONFIRMED_MS_MAX = 300_000;

/** What is known of a key, and, once in its life, the key itself. */
/** What a key may that may everything. */
export const EVERYTHING = { roles: ['admin'], collections: ['*'], events: ['>'], rate: { tier: 'unlimited' } };

export type IssuedKey = { readonly record: KeyRecord; readonly key: string };

/** The API keys: a bucket of the log servers, whose newest records every process has in memory. */
export class KeyRegistry {
  readonly #mirror: KvMirror<KeyRecord>;
  readonly #unconfirmedMsMax: number;

  private constructor(mirror: KvMirror<KeyRecord>, unconfirmedMsMax: number) {
    this.#mirror = mirror;
    this.#unconfirmedMsMax = unconfirmedMsMax;
  }

  static async open(options: {
    readonly connection: NatsConnection;
    readonly replicas: number;
    readonly logger: Logger;
    readonly unconfirmedMsMax?: number | undefined;
  }): Promise<KeyRegistry> {
    // A key whose record cannot be read is good for nothing: it may have been revoked.
    const settings = { bucket: buckets.keys, schema: KeyRecord, malformed: 'withhold' } as const;
    const mirror = await KvMirror.open({ ...options, ...settings, checkIntervalMs: CHECK_INTERVAL_MS });
    return new KeyRegistry(mirror, options.unconfirmedMsMax ?? UNCONFIRMED_MS_MAX);
  }

  /** Whether any was ever made. A system with keys stays closed when all of them are revoked, or cannot be read. */
  get isEmpty(): boolean {
    return this.#mirror.size === 0 && this.#mirror.malformed === 0;
  }

  /** Newest first. */
  list(): KeyRecord[] {
    return this.#mirror.values().toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1));
  }

  /** As the bucket's leader has it. Throws `not_found`. */
  async get(id: KeyId): Promise<KeyRecord> {
    const record = await this.#mirror.refresh(id);
    if (record !== undefined) return record;
    throw unknownKey(id);
  }

  /**
   * The record of a good key: neither wrong, expired nor revoked. Costs no message. Throws `log_unavailable` when nobody could
   * say for too long whether it still is.
   */
  find(text: string, nowMs: number): KeyRecord | undefined {
    const id = idInKey(text);
    const record = id === undefined ? undefined : this.#mirror.get(id);
    const good = isKeyOf(record, text, nowMs) && record !== undefined && isGood(record, nowMs);
    return good ? this.#confirmed(record) : undefined;
  }

  /** The same by what the log servers say of who came: that they brought the key has been seen to. */
  findById(id: KeyId, nowMs: number): KeyRecord | undefined {
    const record = this.#mirror.get(id);
    return record !== undefined && isGood(record, nowMs) ? this.#confirmed(record) : undefined;
  }

  /**
   * Durable when it returns; good here at once, and elsewhere within a second. `text`: the key itself, where it is given; of
   * several who make the same one the first does.
   */
  async create(key: NewKey, createdBy: string, text = newKeyText(newKeyId())): Promise<IssuedKey> {
    await this.#makeRoom();
    const id = idInKey(text);
    if (id === undefined) throw new Failure('validation_error', 'it is not of the form of a key');
    const { expires_in, ...described } = key;
    const nowMs = Date.now();
    const record: KeyRecord = {
      v: 1,
      id,
      hash: hashOfKey(text),
      previous: null,
      ...described,
      created_at: new Date(nowMs).toISOString(),
      created_by: createdBy,
      rotated_at: null,
      expires_at: expires_in === undefined ? null : new Date(nowMs + expires_in * 1_000).toISOString(),
      revoked_at: null,
    };
    await this.#mirror.create(id, record, (found) => found.hash === record.hash);
    return { record, key: text };
  }

  /** Gives the key another secret. The one before it stays good for the grace time, the one before that no longer. */
  async rotate(id: KeyId, graceSeconds: number): Promise<IssuedKey> {
    const text = newKeyText(id);
    const hash = hashOfKey(text);
    const nowMs = Date.now();
    const record = await this.#mirror.update(id, (found) => {
      if (found.hash === hash) return found;
      if (!isGood(found, nowMs)) throw new Failure('validation_error', `key ${id} is revoked or expired`);
      const until = new Date(nowMs + graceSeconds * 1_000).toISOString();
      const previous = graceSeconds === 0 ? null : { hash: found.hash, until };
      return { ...found, hash, previous, rotated_at: new Date(nowMs).toISOString() };
    });
    if (record === undefined) throw unknownKey(id);
    return { record, key: text };
  }

  /** For good. Done twice it is done once. */
  async revoke(id: KeyId): Promise<KeyRecord> {
    const revoked_at = new Date().toISOString();
    const record = await this.#mirror.update(id, (found) =>
      found.revoked_at === null ? { ...found, previous: null, revoked_at } : found,
    );
    if (record === undefined) throw unknownKey(id);
    return record;
  }

  #confirmed(record: KeyRecord): KeyRecord {
    if (this.#mirror.unconfirmedMs <= this.#unconfirmedMsMax) return record;
    throw new Failure('log_unavailable', 'whether the key is still good cannot be asked', {
      details: { key: record.id },
    });
  }

  /** Told when a key was made, changed or revoked. */
  onChange(listener: (change: MirrorChange<KeyRecord>) => void): void {
    this.#mirror.onChange(listener);
  }

  close(): void {
    this.#mirror.close();
  }

  async #makeRoom(): Promise<void> {
    if (this.#mirror.size < limits.keysMax) return;
    const nowMs = Date.now();
    const oldest = this.list().findLast((record) => !isGood(record, nowMs));
    if (oldest === undefined) {
      throw new Failure('validation_error', `there are ${limits.keysMax} keys, which is as many as there may be`);
    }
    await this.#mirror.delete(oldest.id, (record) => !isGood(record, nowMs));
  }
}

function unknownKey(id: string): Failure {
  return new Failure('not_found', `there is no key ${id}`, { details: { key: id } });
}
