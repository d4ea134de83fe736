import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fastifyStatic } from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Failure } from '@vectorizer/errors';

/** Nothing from elsewhere, nothing inline, nobody's frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const SAFE_HEADERS = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;
/** The names of assets have a hash of what is in them. */
const ASSETS = 'assets';
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Asked for again each time, and answered with 304 as long as it is the same. */
const ASK_AGAIN = 'no-cache';

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
  void reply.headers({ ...SAFE_HEADERS, 'cache-control': basename(dirname(path)) === ASSETS ? FOR_EVER : ASK_AGAIN });
}
