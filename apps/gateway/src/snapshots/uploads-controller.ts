import { Readable } from 'node:stream';
import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '@vectorizer/errors';
import { maySee, withoutHurry } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { collectionNameOf, queries, queryOf } from '../requests.ts';
import { forgetRest } from './arriving-body.ts';
import { shown } from './shown.ts';
import { Uploads } from './uploads.ts';

@Controller('api/v1/collections/:collection/snapshots/upload')
export class UploadsController {
  readonly #uploads: Uploads;

  constructor(@Inject(Uploads) uploads: Uploads) {
    this.#uploads = uploads;
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
      const backup = await this.#uploads.take(collectionNameOf(request), body, (alias) => maySee(request, alias));
      reply.header('location', `/api/v1/collections/${backup.collection}/snapshots/${backup.id}`);
      sendJson(reply, 201, shown(backup));
    } catch (error) {
      // As that of every request that does not arrive in time: what is missing could still come, and is no request.
      if (error instanceof Failure && error.type === 'request_timeout') reply.header('connection', 'close');
      throw error;
    } finally {
      hurryAgain();
      forgetRest(body);
    }
  }
}
