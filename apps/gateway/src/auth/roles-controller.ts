import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RoleBody, RoleName } from '@vectorizer/contracts';
import { Access, parse, principalOf } from '@vectorizer/frame';
import { sendJson } from '../answers.ts';
import { parameter, queries, queryOf, refuseBody } from '../requests.ts';
import { Keys } from './keys.ts';

@Controller('api/v1/auth/roles')
export class RolesController {
  readonly #access: Access;
  readonly #keys: Keys;

  constructor(@Inject(Access) access: Access, @Inject(Keys) keys: Keys) {
    this.#access = access;
    this.#keys = keys;
  }

  @Get()
  list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(queries.none, request);
    sendJson(reply, 200, { roles: this.#access.roles.list() });
  }

  @Put(':role')
  async put(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    const { permissions } = parse(RoleBody, request.body);
    sendJson(reply, 200, await this.#keys.putRole(nameOf(request), permissions, principalOf(request)));
  }

  @Delete(':role')
  async delete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(queries.none, request);
    refuseBody(request);
    const name = nameOf(request);
    await this.#keys.deleteRole(name, principalOf(request));
    sendJson(reply, 200, { name, status: 'deleted' });
  }
}

function nameOf(request: FastifyRequest): RoleName {
  return parse(RoleName, parameter(request, 'role'), 'role');
}
