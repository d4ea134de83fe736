import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fastifyStatic } from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { FOR_EVER, PAGE_HEADERS } from '../page-headers.ts';
import { serveFixed } from './fixed-content.ts';

/** The library of the page, wherever the package manager has put it. */
const manifest = createRequire(import.meta.url).resolve('swagger-ui-dist/package.json');
/** Of its files those that the page asks for. */
const FILES = ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png'] as const;

const page = (library: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Vectorizer API</title>
    <link rel="stylesheet" href="${library}/swagger-ui.css" />
    <link rel="icon" type="image/png" href="${library}/favicon-32x32.png" />
    <script src="${library}/swagger-ui-bundle.js" defer></script>
    <script src="/docs/explorer.js" defer></script>
  </head>
  <body>
    <div id="explorer"></div>
  </body>
</html>
`;

/** Nothing is asked of a validator elsewhere, and a key is forgotten with the page. */
const SCRIPT = `const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#explorer',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/** Serves a page at `/docs` that shows the API and calls it; all that it needs comes from here. */
export function serveExplorer(fastify: FastifyInstance): void {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };
  const library = `/docs/swagger-ui-${version}`;
  fastify.get('/docs', (_request, reply) => reply.redirect('/docs/', 301));
  serveFixed(fastify, '/docs/', { type: 'text/html; charset=utf-8', make: () => page(library), headers: PAGE_HEADERS });
  serveFixed(fastify, '/docs/explorer.js', {
    type: 'text/javascript; charset=utf-8',
    make: () => SCRIPT,
    headers: PAGE_HEADERS,
  });
  void fastify.register(fastifyStatic, {
    root: dirname(manifest),
    prefix: `${library}/`,
    // Each file is a route of its own: a wildcard would be one that other methods are not refused for.
    wildcard: false,
    globIgnore: [`!(${FILES.join('|')})`],
    index: false,
    decorateReply: false,
    cacheControl: false,
    setHeaders: (reply) => void reply.headers({ ...PAGE_HEADERS, 'cache-control': FOR_EVER }),
  });
}
