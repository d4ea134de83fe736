import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Logger } from '@vectorizer/telemetry';
import { eachBounded } from './each-bounded.ts';
import type { KvMirror } from './kv-mirror.ts';
import type { Lease } from './leases.ts';

/** As often as a lease is renewed: no claim is given up later than the lease behind it. */
const LOOK_MS = 1_500;
const TRIES_IN_FLIGHT_MAX = 16;
/** How often what deletions and earlier processes left is removed. */
const TIDY_MS = 600_000;
/** What is under way when a process stops gets this long: it counts no more once the lease behind it is given back. */
const CLOSE_MS_MAX = 2_000;

/** Who claims a name: the owner of a lease. Every granting has an id of its own, so that none is taken for an earlier one. */
export const Grant = z.object({ name: z.string(), lease: z.string(), owner: z.string(), id: z.string() });
export type Grant = z.infer<typeof Grant>;

export type ClaimsOptions = {
  /** Opens the bucket of the grants. */
  readonly open: () => Promise<KvMirror<Grant>>;
  /** Whether this owner does not hold that lease any more; see `Leases.hasLost`. */
  readonly hasLost: (lease: string, owner: string) => Promise<boolean>;
  readonly logger: Logger;
};

/**
 * Claims: leases, where there are too many of them to renew each. One lease of the process stands behind all: the grant
 * of a claim is a record that names it and its owner, and counts for as long as that owner has held that lease without a
 * gap. Then whoever else wants the name may put its own grant in that one's place. A claim costs nothing while it is held.
 */
export class Claims {
  readonly #options: ClaimsOptions;
  readonly #claims = new Map<string, Claim>();
  /** Names that this process wants no more. */
  readonly #left = new Set<string>();
  readonly #closing = new AbortController();
  #grants: KvMirror<Grant> | undefined;
  #loop: Promise<void> = Promise.resolve();
  #hurry = new AbortController();
  #failing = false;
  #tidying = false;

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** From now on this lease stands behind all claims. */
  standOn(lease: Lease): void {
    this.#loop = this.#run(lease);
  }

  /** Tries for the name until the claim is closed. */
  hold(name: string, onChange: () => void = () => undefined): Claim {
    const claim = new Claim(onChange, () => {
      if (this.#claims.get(name) !== claim) return;
      this.#claims.delete(name);
      this.#left.add(name);
      this.#hurry.abort();
    });
    this.#left.delete(name);
    this.#claims.set(name, claim);
    this.#hurry.abort();
    return claim;
  }

  /** Tries no more. What is held ends with the lease behind it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.race([this.#loop, sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
    this.#grants?.close();
  }

  async #run(lease: Lease): Promise<void> {
    const { signal } = this.#closing;
    let tidiedAtMs = performance.now();
    while (!signal.aborted) {
      this.#hurry = new AbortController();
      try {
        const grants = await this.#opened();
        const failed = await this.#look(lease, grants);
        this.#note(failed);
        if (performance.now() - tidiedAtMs > TIDY_MS) {
          tidiedAtMs = performance.now();
          this.#tidy(lease, grants);
        }
      } catch (error) {
        this.#note(error);
      }
      const woken = AbortSignal.any([signal, this.#hurry.signal]);
      await sleep(LOOK_MS, undefined, { signal: woken, ref: false }).catch(() => undefined);
    }
  }

  /** Said once for as long as it lasts: without a log server to ask there is none who could grant a claim. */
  #note(failed: unknown): void {
    if ((failed !== undefined) === this.#failing) return;
    this.#failing = !this.#failing;
    const { logger } = this.#options;
    if (this.#failing) logger.warn({ err: failed }, 'claims cannot be looked after; what is held is kept');
    else logger.info('claims are looked after again');
  }

  async #opened(): Promise<KvMirror<Grant>> {
    if (this.#grants !== undefined) return this.#grants;
    const grants = await this.#options.open();
    // A name that has become free is tried for at once, and one that another has got is known to be lost.
    grants.onChange(({ key, after }) => {
      if (this.#claims.get(key)?.isHeldBy(after) === false) this.#hurry.abort();
    });
    if (this.#closing.signal.aborted) grants.close();
    return (this.#grants = grants);
  }

  /** Answers the first failure; the other names are tried all the same. */
  async #look(lease: Lease, grants: KvMirror<Grant>): Promise<unknown> {
    const lost = new Map<string, Promise<boolean>>();
    const isVoid = async (grant: Grant): Promise<boolean> => {
      if (lease.held && grant.lease === lease.name) return grant.owner !== lease.owner;
      const asked = lost.get(grant.owner) ?? this.#options.hasLost(grant.lease, grant.owner);
      lost.set(grant.owner, asked);
      return asked;
    };
    const look = { lease, grants, isVoid };
    // Found before any owner is asked after, so that no answer is older than the grant that it is about.
    const leaving = [...this.#left].map((name) => ({ name, found: grants.get(name) }));
    const trying = [...this.#claims].map(([name, claim]) => ({ name, claim, found: grants.get(name) }));
    const tasks = [
      ...leaving.map((each) => async () => this.#leave(each, look)),
      ...trying.map((each) => async () => this.#try(each, look)),
    ];
    let failed: unknown;
    await eachBounded(tasks, TRIES_IN_FLIGHT_MAX, async (task) => {
      if (!this.#closing.signal.aborted) await task().catch((error: unknown) => (failed ??= error));
    });
    return failed;
  }

  async #try({ name, claim, found }: Named & { claim: Claim }, { lease, grants, isVoid }: Look): Promise<void> {
    if (claim.isHeldBy(found)) return claim.tell();
    claim.lose();
    if (!lease.held) return;
    const { term } = lease;
    const ours = { name, lease: lease.name, owner: lease.owner, id: randomUUID() };
    const isOurs = (grant: Grant | undefined): boolean => grant?.id === ours.id;
    const granted =
      found === undefined
        ? await grants.create(name, ours, isOurs)
        : (found.owner === lease.owner || (await isVoid(found))) &&
          // What has been granted anew since it was looked at is not taken.
          isOurs(await grants.update(name, (now) => (now.id === found.id ? ours : now)));
    const isWanted = this.#claims.get(name) === claim;
    if (granted && isWanted) claim.grant(ours, () => lease.held && lease.term === term);
  }

  /** Also what one has left that is gone: nobody else may want the name. */
  async #leave({ name, found }: Named, { lease, grants, isVoid }: Look): Promise<void> {
    this.#left.delete(name);
    try {
      const isLeft = found !== undefined && (found.owner === lease.owner || (await isVoid(found)));
      if (isLeft) await grants.delete(name, ({ id }) => id === found.id);
    } catch (cause) {
      if (!this.#claims.has(name)) this.#left.add(name);
      throw cause;
    }
  }

  /** Names that an earlier process of this seat had and this one does not want, and what deletions left. */
  #tidy(lease: Lease, grants: KvMirror<Grant>): void {
    for (const grant of grants.values()) {
      const isPredecessors = lease.held && grant.lease === lease.name && grant.owner !== lease.owner;
      if (isPredecessors && !this.#claims.has(grant.name)) this.#left.add(grant.name);
    }
    if (this.#tidying) return;
    this.#tidying = true;
    grants
      .purgeDeleted()
      .catch((error: unknown) => this.#note(error))
      .finally(() => (this.#tidying = false));
  }
}

type Named = { readonly name: string; readonly found: Grant | undefined };
type Look = {
  readonly lease: Lease;
  readonly grants: KvMirror<Grant>;
  /** Whether the lease behind a grant has been lost. */
  readonly isVoid: (grant: Grant) => Promise<boolean>;
};

/** One contender for a name. */
export class Claim {
  readonly #onChange: () => void;
  readonly #onClose: () => void;
  #grant: Grant | undefined;
  #stands: () => boolean = () => false;
  #told = false;

  constructor(onChange: () => void, onClose: () => void) {
    this.#onChange = onChange;
    this.#onClose = onClose;
  }

  /** True from when it was granted until shortly before another could get it. */
  get held(): boolean {
    return this.#grant !== undefined && this.#stands();
  }

  isHeldBy(grant: Grant | undefined): boolean {
    return this.held && this.#grant?.id === grant?.id;
  }

  /** It counts for as long as `stands` says so. */
  grant(grant: Grant, stands: () => boolean): void {
    this.#grant = grant;
    this.#stands = stands;
    this.tell();
  }

  lose(): void {
    this.#grant = undefined;
    this.tell();
  }

  /** Says to whoever wanted it that it is held, or no more, if it did not know. */
  tell(): void {
    if (this.held === this.#told) return;
    this.#told = !this.#told;
    this.#onChange();
  }

  /** It is not held any more; the name becomes free as soon as the log servers are told. */
  close(): void {
    this.#onClose();
    this.lose();
  }
}
