import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { answers } from '@vectorizer/contracts';
import { ruleOf } from '@vectorizer/frame';
import { ApiDescription } from '@vectorizer/testing';
import { openApiDocument } from '../src/index.ts';
import { startGateway, type Gateway } from './fixture.ts';

const document = openApiDocument();
const api = new ApiDescription(document, { answers: Object.keys(answers) });

describe('the OpenAPI document', () => {
  it('is a valid one of version 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toMatchObject({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('is the one in docs/openapi.json; `node tests/openapi.ts` writes it', () => {
    const file = readFileSync(resolve(import.meta.dirname, '../../../docs/openapi.json'), 'utf8');
    expect(JSON.parse(file)).toEqual(document);
  });

  it('bounds every list that a client sends: one that is too long is refused by its length, and nothing in it is looked at', () => {
    const sent = [...api.operations.values()].flatMap(({ requestBody }) => (requestBody ? [requestBody] : []));
    expect(unboundedLists(sent, document['components'])).toEqual([]);
    expect(unboundedLists([{ type: 'array', items: {} }], document['components'])).toHaveLength(1);
  });

  it('names every operation once', () => {
    const ids = [...api.operations.values()].map(({ operationId }) => operationId);
    expect(ids.filter((id, i) => ids.indexOf(id) < i || !/^[a-z][A-Za-z]+$/.test(id))).toEqual([]);
  });

  it('has examples that fit: of every body, and of answers', () => {
    const misfits: string[] = [];
    let tried = 0;
    for (const [route, { requestBody, responses }] of api.operations) {
      const contents = [requestBody, ...Object.values(responses)].map((each) => each && api.resolve(each)['content']);
      for (const content of contents as Record<string, { schema: { $ref: string }; example?: unknown }>[]) {
        const { schema, example } = content?.['application/json'] ?? {};
        if (schema === undefined || example === undefined) continue;
        tried += 1;
        const misfit = api.misfit(schema.$ref, example);
        if (misfit !== undefined) misfits.push(`${route}: ${misfit}`);
      }
      const body = JSON.stringify(requestBody) ?? '';
      if (body.includes('application/json') && !body.includes('"example"')) misfits.push(`${route}: none`);
    }
    expect(misfits).toEqual([]);
    expect(tried).toBeGreaterThan(50);
  });
});

/** Of these schemas, and of those that they refer to, the lists without a limit. */
function unboundedLists(schemas: readonly unknown[], components: unknown): unknown[] {
  const [found, seen, left]: [unknown[], Set<unknown>, unknown[]] = [[], new Set(), [...schemas]];
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    if (typeof each !== 'object' || each === null || seen.has(each)) continue;
    seen.add(each);
    const { $ref, type, maxItems } = each as { $ref?: unknown; type?: unknown; maxItems?: unknown };
    if (type === 'array' && maxItems === undefined) found.push(each);
    if (typeof $ref === 'string') left.push(referred(components, $ref));
    left.push(...Object.values(each));
  }
  return found;
}

function referred(components: unknown, reference: string): unknown {
  const steps = reference.replace('#/components/', '').split('/');
  return steps.reduce((at: unknown, step) => (at as Readonly<Record<string, unknown>>)[step], components);
}

describe('the routes of the gateway', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(async () => gateway[Symbol.asyncDispose]());

  it('are described, and what is described is there', () => {
    const routes = gateway.access.guard.routes
      // HEAD is as GET; under /qdrant the interface is that of Qdrant, whose own description it is.
      .filter(({ method, pattern }) => method !== 'HEAD' && !pattern.startsWith('/qdrant'))
      .filter(({ method, pattern }) => !/^(dashboard|docs)\.read$/.test(ruleOf(method, pattern)?.action ?? ''))
      // Qdrant describes its own interface, and docs/QDRANT.md what there is of it here.
      .filter(({ pattern }) => !/^\/qdrant(\/|$)/.test(pattern))
      .map(({ method, pattern }) => `${method} ${pattern}`);
    expect([...api.operations.keys()].toSorted()).toEqual(routes.toSorted());
  });

  it('have the document for whoever has no key, and once', async () => {
    const rate = { tier: 'default' };
    await gateway.access.keys.create({ name: 'a', roles: ['admin'], collections: ['*'], events: [], rate }, 'test');
    const first = await gateway.app.inject({ url: '/openapi.json' });
    expect([first.statusCode, first.json()]).toEqual([200, document]);
    const headers = { 'if-none-match': String(first.headers['etag']) };
    const again = await gateway.app.inject({ url: '/openapi.json', headers });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  it('have an explorer, whose library is kept and whose page is asked for again', async () => {
    const page = await gateway.app.inject({ url: '/docs/' });
    expect([page.statusCode, page.headers['cache-control']]).toEqual([200, 'no-cache']);
    expect(page.headers['content-security-policy']).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'",
    );
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
    expect(files).toHaveLength(4);
    for (const url of files) {
      const { statusCode, headers } = await gateway.app.inject({ url });
      const kept = url.includes('swagger-ui-') ? 'public, max-age=31536000, immutable' : 'no-cache';
      expect([url, statusCode, headers['cache-control']]).toEqual([url, 200, kept]);
    }
    const moved = await gateway.app.inject({ url: '/docs' });
    expect([moved.statusCode, moved.headers['location']]).toEqual([301, '/docs/']);
    const others = ['/docs/swagger-ui-bundle.js.map', '/docs/package.json', '/docs/..%2fpackage.json'];
    for (const url of others) expect((await gateway.app.inject({ url })).statusCode).toBe(404);
  });
});
