import { setTimeout as sleep } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError, jetstream, StorageType } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import type { Logger } from '@vectorizer/telemetry';
import { Claims, Grant } from './claims.ts';
import { API } from './connection.ts';
import { openWhileElecting } from './elections.ts';
import { KvMirror } from './kv-mirror.ts';

/** A lease that is not renewed for this long is free again; the server measures it. */
const LEASE_MS = 6_000;
/** Renewed, or tried for, this often. */
const RENEW_MS = 1_500;
/**
 * A holder that could not renew stops acting this long after its last renewal began: before the server lets another
 * one in, whatever their clocks say, since both measure only how long it was.
 */
const TRUST_MS = LEASE_MS - 1_000;

/** A question about a lease waits this long for a log server. */
const ASK_MS_MAX = 1_000;
/** What is stored to see whether anything can be. */
const BARRIER = 'barrier';

/**
 * Leases: of all that want one of a name, one holds it. In memory on the log servers, since a renewal that waits for a
 * disk would cost more than it is worth: when all of them restart, leases are free, and taken again.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #kv: KV;

  private constructor(options: LeasesOptions, kv: KV) {
    this.#options = options;
    this.#kv = kv;
  }

  static async open(options: LeasesOptions): Promise<Leases> {
    const { connection, replicas } = options;
    const kv = await openWhileElecting(`bucket ${buckets.leases}`, async () =>
      new Kvm(jetstream(connection, API)).create(buckets.leases, {
        history: 1,
        replicas,
        storage: StorageType.Memory,
        ttl: LEASE_MS,
        allow_direct: false,
      }),
    );
    return new Leases(options, kv);
  }

  /** Who holds it; undefined when nobody does. Throws when no log server answers. */
  async holder(name: string): Promise<string | undefined> {
    const waiting = new AbortController();
    const late = sleep(ASK_MS_MAX, undefined, { signal: waiting.signal }).then(() => {
      throw new Failure('log_unavailable', `no log server says who holds the lease ${name}`);
    });
    try {
      const found = await Promise.race([this.#kv.get(name), late]);
      return found?.operation === 'PUT' ? found.string() : undefined;
    } finally {
      late.catch(() => undefined);
      waiting.abort();
    }
  }

  /** Whether it is surely not this owner's any more. Throws when no log server answers. */
  async hasLost(name: string, owner: string): Promise<boolean> {
    if ((await this.holder(name)) === owner) return false;
    // A leader that is cut off from the other servers may not know what they have stored; it can store nothing either.
    await this.#kv.put(BARRIER, '');
    return (await this.holder(name)) !== owner;
  }

  /** Leases of many names, of a process that stands on one. */
  claims(): Claims {
    const open = async (): Promise<KvMirror<Grant>> =>
      KvMirror.open({ ...this.#options, bucket: buckets.claims, schema: Grant });
    const hasLost = async (name: string, owner: string): Promise<boolean> => this.hasLost(name, owner);
    return new Claims({ open, hasLost, logger: this.#options.logger });
  }

  /**
   * As `hold`, by a process that is the only one in its seat: a lease that another from there holds was left by its
   * predecessor, and is taken over at once. The owner's name begins with the seat's. `onTaken` is told who has it when it was
   * held and another has got it since, as while this process was cut off; and when it never was, and another holds on to it.
   */
  holdFrom(seat: string, wanted: Seated): Lease {
    return new Lease({ kv: this.#kv, logger: this.#options.logger, ...wanted, seat, onChange: () => undefined });
  }

  /** Tries for the lease until it is closed. `owner` tells holders apart, also a process from its earlier life. */
  hold(name: string, owner: string, onChange: (held: boolean) => void = () => undefined): Lease {
    return new Lease({ kv: this.#kv, logger: this.#options.logger, name, owner, onChange });
  }
}

type LeasesOptions = {
  readonly connection: NatsConnection;
  readonly replicas: number;
  readonly logger: Logger;
};

type Seated = {
  readonly name: string;
  readonly owner: string;
  readonly onTaken?: (holder: string) => void;
};

type Parts = {
  readonly kv: KV;
  readonly logger: Logger;
  readonly name: string;
  readonly owner: string;
  readonly seat?: string;
  readonly onTaken?: (holder: string) => void;
  readonly onChange: (held: boolean) => void;
};

/** One contender for a lease. */
export class Lease {
  readonly #parts: Parts;
  readonly #closing = new AbortController();
  readonly #loop: Promise<void>;
  #revision = 0;
  #term = 0;
  #renewedAtMs = -Infinity;
  #told = false;
  #wasHeld = false;
  /** Of another's lease, as first seen by one that never held it. */
  #foreign: { readonly holder: string; readonly revision: number } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#loop = this.#run();
  }

  get name(): string {
    return this.#parts.name;
  }

  get owner(): string {
    return this.#parts.owner;
  }

  /** Another number after every gap in which somebody else may have held it. */
  get term(): number {
    return this.#term;
  }

  /** True from when it was granted until shortly before another could get it. */
  get held(): boolean {
    return this.#revision > 0 && performance.now() - this.#renewedAtMs < TRUST_MS;
  }

  /** Gives the lease back, so that another need not wait for its end. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#renew();
      this.#tell();
      await sleep(RENEW_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
    const { kv, name, logger } = this.#parts;
    const revision = this.#revision;
    this.#revision = 0;
    this.#tell();
    if (revision === 0) return;
    // It ends by itself as well.
    await kv
      .delete(name, { previousSeq: revision })
      .catch((error: unknown) => logger.debug({ err: error, lease: name }, 'lease not given back'));
  }

  async #renew(isSecondTry = false): Promise<void> {
    const { kv, name, owner, logger } = this.#parts;
    const startedMs = performance.now();
    try {
      this.#revision = this.#revision > 0 ? await kv.update(name, owner, this.#revision) : await kv.create(name, owner);
      if (!this.held) this.#term += 1;
      this.#renewedAtMs = startedMs;
      this.#wasHeld = true;
    } catch (error) {
      // No server to ask: it can be trusted a little longer.
      if (!isConflict(error)) return;
      if (this.#revision > 0) logger.warn({ err: error, lease: name }, 'lease lost');
      this.#revision = await this.#revisionOfOurs();
      if (this.#revision > 0 && !isSecondTry) await this.#renew(true);
    }
  }

  /** An answer that got lost leaves a lease that is ours without our knowing. It counts as held once it is renewed. */
  async #revisionOfOurs(): Promise<number> {
    const { kv, name, owner, seat, onTaken } = this.#parts;
    const found = await kv.get(name).catch(() => null);
    const holder = found?.operation === 'PUT' ? found.string() : undefined;
    // What was stored is a renewal: it has been ours all along.
    if (found !== null && holder === owner && this.#revision > 0) return found.revision;
    this.#renewedAtMs = -Infinity;
    if (found === null || holder === undefined) return 0;
    if (holder === owner || (seat !== undefined && holder.startsWith(seat))) return found.revision;
    if (this.#wasHeld || this.#isRenewed({ holder, revision: found.revision })) onTaken?.(holder);
    return 0;
  }

  /** Nobody renews what a process has left that is gone: that ends by itself. */
  #isRenewed(found: { readonly holder: string; readonly revision: number }): boolean {
    if (this.#foreign?.holder !== found.holder) this.#foreign = found;
    return this.#foreign.revision !== found.revision;
  }

  #tell(): void {
    const { held } = this;
    if (held === this.#told) return;
    this.#told = held;
    this.#parts.onChange(held);
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}
