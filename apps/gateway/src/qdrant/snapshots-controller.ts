import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BackupId, bytesOf, limits, type Backup } from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';
import { parse } from '@vectorizer/frame';
import { collectionNameOf, contextOf, parameter, queryOf } from '../requests.ts';
import { Snapshots } from '../snapshots/snapshots.ts';
import { sendResult } from './answers.ts';
import { qdrantQueries } from './requests.ts';

const LOOK_MS = 100;

/** Snapshots of a collection; their names there are our ids. */
@Controller('qdrant/collections/:collection/snapshots')
export class QdrantSnapshotsController {
  readonly #snapshots: Snapshots;

  constructor(@Inject(Snapshots) snapshots: Snapshots) {
    this.#snapshots = snapshots;
  }

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(qdrantQueries.none, request);
    const complete = this.#snapshots.list(collectionNameOf(request)).filter(({ state }) => state === 'complete');
    sendResult(reply, complete.map(described));
  }

  /** Told to wait, it answers when the snapshot is complete; otherwise what it will be. */
  @Post()
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { wait } = queryOf(qdrantQueries.snapshot, request);
    const context = contextOf(request, limits.timeoutMsMax);
    const begun = await this.#snapshots.create(collectionNameOf(request), context);
    sendResult(reply, described(wait ? await this.#whenDone(begun, context.deadline) : begun));
  }

  @Delete(':snapshot')
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(qdrantQueries.snapshot, request);
    await this.#snapshots.remove(
      collectionNameOf(request),
      parse(BackupId, parameter(request, 'snapshot'), 'snapshot'),
    );
    sendResult(reply, true);
  }

  async #whenDone({ collection, id }: Backup, deadline: number): Promise<Backup> {
    for (;;) {
      const backup = await this.#snapshots.get(collection, id);
      if (backup.state === 'complete') return backup;
      if (backup.state === 'failed')
        throw new Failure('storage_error', `snapshot ${id} has failed: ${backup.reason ?? ''}`);
      if (Date.now() + LOOK_MS >= deadline) {
        throw new Failure('deadline_exceeded', `snapshot ${id} is not complete yet, and goes on`, {
          details: { snapshot: id },
        });
      }
      await sleep(LOOK_MS);
    }
  }
}

/** Its shards have a checksum each, the whole has none. */
function described({ id, created_at, shards }: Backup): object {
  const size = shards.reduce((sum, shard) => sum + (shard === null ? 0 : bytesOf(shard)), 0);
  return { name: id, creation_time: created_at.replace(/\.\d+Z$|Z$/, ''), size, checksum: null };
}
