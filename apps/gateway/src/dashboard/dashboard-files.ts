import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fastifyStatic } from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Failure } from '@vectorizer/errors';
import { ASK_AGAIN, FOR_EVER, PAGE_HEADERS } from '../page-headers.ts';

/** The names of assets have a hash of what is in them. */
const ASSETS = 'assets';

/** The built page, wherever the package manager has put it. */
export function builtDashboard(): string {
  const manifest = createRequire(import.meta.url).resolve('@vectorizer/dashboard/package.json');
  return join(dirname(manifest), 'dist');
}

/**
 * Serves the dashboard's files under `/dashboard`. They are open to everybody, since they hold nothing; what the page shows
 * it asks of the API, with the key that it is given.
 */
export function serveDashboard(fastify: FastifyInstance, root = builtDashboard()): void {
  if (!existsSync(join(root, 'index.html'))) {
    fastify.get('/dashboard', () => {
      throw new Failure('not_found', 'the dashboard was not built; run "pnpm build"');
    });
    return;
  }
  // Each file is a route of its own: a wildcard would be one that other methods are not refused for.
  void fastify.register(fastifyStatic, {
    root,
    prefix: '/dashboard/',
    wildcard: false,
    redirect: true,
    cacheControl: false,
    setHeaders,
  });
}

function setHeaders(reply: FastifyReply, path: string): void {
  void reply.headers({ ...PAGE_HEADERS, 'cache-control': basename(dirname(path)) === ASSETS ? FOR_EVER : ASK_AGAIN });
}
