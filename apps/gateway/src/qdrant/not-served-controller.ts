import { Controller, Delete, Get, Post, Put, Req } from '@nestjs/common';
import { Failure } from '@vectorizer/errors';
import { notServedByQdrant, type NotServedByQdrant } from '@vectorizer/frame';
import type { FastifyRequest } from 'fastify';
import { reasons } from './not-served.ts';

const pathsOf = (method: string): string[] =>
  notServedByQdrant.flatMap((route) => (route.startsWith(`${method} `) ? [route.slice(method.length + 1)] : []));

/** What Qdrant has and there is not here is told so, with the reason. */
@Controller()
export class NotServedByQdrantController {
  @Get(pathsOf('GET'))
  get(@Req() request: FastifyRequest): never {
    throw notServed(request);
  }

  @Post(pathsOf('POST'))
  post(@Req() request: FastifyRequest): never {
    throw notServed(request);
  }

  @Put(pathsOf('PUT'))
  put(@Req() request: FastifyRequest): never {
    throw notServed(request);
  }

  @Delete(pathsOf('DELETE'))
  delete(@Req() request: FastifyRequest): never {
    throw notServed(request);
  }
}

function notServed({ method, routeOptions }: FastifyRequest): Failure {
  const route = `${method === 'HEAD' ? 'GET' : method} ${routeOptions.url ?? ''}` as NotServedByQdrant;
  return new Failure('not_implemented', `not supported: ${reasons[route]}`);
}
