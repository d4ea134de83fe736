import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BackupId, RestoreBody, type Backup } from '@vectorizer/contracts';
import { parse } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { collectionNameOf, contextOf, parameter, queries, queryOf, refuseBody } from '../requests.ts';
import { Archives } from './archives.ts';
import { Restores } from './restores.ts';
import { shown } from './shown.ts';
import { Snapshots } from './snapshots.ts';

/** Snapshots of a collection: taken and restored in the background, so each answer says how far that is. */
@Controller('api/v1/collections/:collection/snapshots')
export class SnapshotsController {
  readonly #snapshots: Snapshots;
  readonly #restores: Restores;
  readonly #archives: Archives;

  constructor(
    @Inject(Snapshots) snapshots: Snapshots,
    @Inject(Restores) restores: Restores,
    @Inject(Archives) archives: Archives,
  ) {
    this.#snapshots = snapshots;
    this.#restores = restores;
    this.#archives = archives;
  }

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    sendJson(reply, 200, { snapshots: this.#snapshots.list(collectionNameOf(request)).map(shown) });
  }

  @Post()
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    const backup = await this.#snapshots.create(collectionNameOf(request), contextOf(request));
    reply.header('location', `/api/v1/collections/${backup.collection}/snapshots/${backup.id}`);
    sendJson(reply, 202, shown(backup));
  }

  @Get(':snapshot')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    sendJson(reply, 200, shown(await this.#find(request)));
  }

  @Delete(':snapshot')
  async remove(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    const backup = await this.#snapshots.remove(collectionNameOf(request), idOf(request));
    sendJson(reply, 200, { id: backup.id, status: 'deleted' });
  }

  /** A tar archive: `manifest.json`, then the files of every shard. */
  @Get(':snapshot/download')
  async download(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const backup = await this.#find(request);
    const archive = this.#archives.of(backup);
    const name = `${backup.collection}-${backup.id}.tar`;
    void reply
      .header('content-type', 'application/x-tar')
      .header('content-disposition', `attachment; filename="${name}"`)
      .send(archive);
  }

  @Post(':snapshot/restore')
  async restore(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const body = parse(RestoreBody, request.body ?? {});
    const backup = await this.#restores.start(await this.#find(request), body, contextOf(request));
    sendJson(reply, 202, shown(backup));
  }

  async #find(request: FastifyRequest): Promise<Backup> {
    return this.#snapshots.get(collectionNameOf(request), idOf(request));
  }
}

function idOf(request: FastifyRequest): BackupId {
  return parse(BackupId, parameter(request, 'snapshot'), 'snapshot');
}
