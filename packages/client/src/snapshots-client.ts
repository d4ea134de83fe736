import { get, once } from './calls.ts';
import { sleep } from './http/timing.ts';
import type { Transport } from './http/transport.ts';
import { path } from './paths.ts';
import type { CallOptions } from './types/options.ts';
import type { RestoreInput, Snapshot } from './types/snapshots.ts';

/** Between looks at how far a snapshot or a restore is. */
const LOOK_MS = 500;
/** A download that gives nothing for so long, or an upload of which nothing is taken, has broken off. */
const SILENT_MS_MAX = 70_000;

/** Snapshots of collections: taken and restored in the background. */
export class SnapshotsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first; also of a collection that was dropped. */
  async list(collection: string, options?: CallOptions): Promise<readonly Snapshot[]> {
    return (await get<{ snapshots: Snapshot[] }>(this.#transport, of(collection), { options })).snapshots;
  }

  /** Begins one; see `finished`. */
  async create(collection: string, options?: CallOptions): Promise<Snapshot> {
    return once(this.#transport, ['POST', of(collection)], { options });
  }

  async get(collection: string, id: string, options?: CallOptions): Promise<Snapshot> {
    return get(this.#transport, of(collection, id), { options });
  }

  async delete(collection: string, id: string, options?: CallOptions): Promise<void> {
    await once(this.#transport, ['DELETE', of(collection, id)], { options });
  }

  /** A tar archive, piece by piece: `manifest.json`, then the files of every shard. Throws when it breaks off. */
  download(collection: string, id: string, { signal }: Pick<CallOptions, 'signal'> = {}): AsyncGenerator<Uint8Array> {
    return this.#transport.stream({ path: of(collection, id, 'download'), silentMs: SILENT_MS_MAX, signal });
  }

  /**
   * Brings a downloaded archive into this system, under an id of its own; the snapshot is complete. Sent once, piece by piece:
   * where it breaks off nothing is kept, and it is begun anew with the archive from its start.
   */
  async upload(
    collection: string,
    archive: AsyncIterable<Uint8Array>,
    { signal }: Pick<CallOptions, 'signal'> = {},
  ): Promise<Snapshot> {
    const sent = { type: 'application/x-tar', bytes: archive, silentMs: SILENT_MS_MAX, signal };
    return this.#transport.upload({ path: of(collection, 'upload'), ...sent });
  }

  /** Begins to make a collection of it; see `finished`. */
  async restore(
    collection: string,
    { id, ...body }: RestoreInput & { readonly id: string },
    options?: CallOptions,
  ): Promise<Snapshot> {
    const call = ['POST', of(collection, id, 'restore')] as const;
    const snapshot = await once<Snapshot>(this.#transport, call, { body, options });
    this.#transport.tokens.forget(body.name ?? collection);
    return snapshot;
  }

  /**
   * The snapshot once neither it nor a restore of it is under way: complete, or failed for its `reason`. Waits without a bound
   * of its own; `signal` has one.
   */
  async finished(collection: string, id: string, options?: CallOptions): Promise<Snapshot> {
    for (;;) {
      const snapshot = await this.get(collection, id, options);
      if (snapshot.state !== 'running' && snapshot.restore?.state !== 'running') return snapshot;
      await sleep(LOOK_MS, options?.signal);
    }
  }
}

function of(collection: string, ...names: readonly string[]): string {
  return path('collections', collection, 'snapshots', ...names);
}
