import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IssuedKey } from '@vectorizer/cluster';
import { KeyId, NewKeyBody, RotateKeyBody } from '@vectorizer/contracts';
import { parse, principalOf } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { parameter, queries, queryOf, refuseBody } from '../requests.ts';
import { Keys } from './keys.ts';

@Controller('api/v1/auth/keys')
export class KeysController {
  readonly #keys: Keys;

  constructor(@Inject(Keys) keys: Keys) {
    this.#keys = keys;
  }

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    sendJson(reply, 200, { keys: this.#keys.list(principalOf(request)) });
  }

  @Post()
  async create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const issued = await this.#keys.create(parse(NewKeyBody, request.body), principalOf(request));
    reply.header('location', `/api/v1/auth/keys/${issued.record.id}`);
    this.#sendIssued(reply, 201, issued);
  }

  @Get(':key')
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    sendJson(reply, 200, await this.#keys.get(idOf(request), principalOf(request)));
  }

  @Post(':key/rotate')
  async rotate(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const { grace_s } = parse(RotateKeyBody, request.body ?? {});
    this.#sendIssued(reply, 200, await this.#keys.rotate(idOf(request), grace_s, principalOf(request)));
  }

  /** Revokes it. It stays in the list, so that what it did can still be told from what others did. */
  @Delete(':key')
  async revoke(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    sendJson(reply, 200, await this.#keys.revoke(idOf(request), principalOf(request)));
  }

  /** The only answer that ever holds a key. */
  #sendIssued(reply: FastifyReply, status: number, { record, key }: IssuedKey): void {
    reply.header('cache-control', 'no-store');
    sendJson(reply, status, { ...this.#keys.view(record), key });
  }
}

function idOf(request: FastifyRequest): KeyId {
  return parse(KeyId, parameter(request, 'key'), 'key');
}
