import { Readable } from 'node:stream';
import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '@vectorizer/errors';
import { maySee, withoutHurry } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { collectionNameOf, queries, queryOf } from '../requests.ts';
import { arrivingBody, forgetRest } from './arriving-body.ts';
import { Jobs } from './jobs.ts';
import { shown } from './shown.ts';
import { Uploads } from './uploads.ts';

@Controller('api/v1/collections/:collection/snapshots/upload')
export class UploadsController {
  readonly #uploads: Uploads;
  readonly #jobs: Jobs;

  constructor(@Inject(Uploads) uploads: Uploads, @Inject(Jobs) jobs: Jobs) {
    this.#uploads = uploads;
    this.#jobs = jobs;
  }

  /** Takes what a download gave; answers once all of it is stored. */
  @Post()
  async upload(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { body, raw } = request;
    if (!(body instanceof Readable))
      throw new Failure('unsupported_media_type', 'send the archive, as application/x-tar');
    const hurryAgain = withoutHurry(raw.socket);
    try {
      queryOf(queries.none, request);
      const archive = arrivingBody(body, this.#jobs.closing);
      const backup = await this.#uploads.take(collectionNameOf(request), archive, (alias) => maySee(request, alias));
      reply.header('location', `/api/v1/collections/${backup.collection}/snapshots/${backup.id}`);
      sendJson(reply, 201, shown(backup));
    } finally {
      hurryAgain();
      forgetRest(body);
    }
  }
}
