import { encodeToken, type CollectionUid } from '@vectorizer/contracts';
import type { Asked, DescribedSystem } from './described.ts';

const C = '/api/v1/collections';
const V = `${C}/:collection/vectors`;
const path = { collection: 'books' };
const point = { ...path, id: 'a' };

/** Names and ids in the right form, of what is not there. */
export const nothing = {
  collection: 'nothing',
  alias: 'nothing',
  id: 'nothing',
  snapshot: 'a'.repeat(16),
  sequence: '999999',
  node: 'nothing',
  shard: '0',
  key: 'a'.repeat(12),
  role: 'nothing',
};

/** Requests that something is wrong with, and what that is. */
export function refusedRequests(uid: CollectionUid): readonly (readonly [string, Asked, string])[] {
  const tokens = { headers: { 'x-vectorizer-token': 'nonsense' } };
  const ahead = { headers: { 'x-vectorizer-token': encodeToken(uid, [1_000_000]) } };
  const search = { vector: [1, 2, 3] };
  const short = { vector: [1, 2] };
  const recommended = { positive: ['nobody'] };
  return [
    [`POST ${C}`, { body: { name: 'books', dimension: 3 } }, 'collection_already_exists'],
    [`POST ${C}`, { body: { name: 'many', dimension: 3, replication_factor: 5 } }, 'validation_error'],
    ['PUT /api/v1/aliases/:alias', { path: { alias: 'books' }, body: path }, 'collection_already_exists'],
    [`PUT ${V}/:id`, { path: point, body: short }, 'dimension_mismatch'],
    [`PUT ${V}/:id`, { path: point, body: { payload: {}, if_version: 1 } }, 'version_conflict'],
    [`PATCH ${V}/:id`, { path: { ...path, id: 'no' }, body: { merge: {} } }, 'vector_not_found'],
    [`DELETE ${V}/:id`, { path: point, query: 'if_version=1' }, 'version_conflict'],
    [`GET ${V}/:id`, { path: { ...path, id: 'no' } }, 'vector_not_found'],
    [`GET ${V}/:id`, { path: point, query: 'consistency=bounded' }, 'validation_error'],
    [`PUT ${V}`, { path, body: { points: [] } }, 'validation_error'],
    [`PUT ${V}`, { path, ...tokens, body: { points: [{ id: 'a', ...search }] } }, 'invalid_token'],
    [
      `POST ${V}/delete`,
      { path, headers: { 'idempotency-key': 'wait=applied' }, body: { ids: ['a'] } },
      'idempotency_key_reused',
    ],
    [`POST ${V}/delete`, { path, body: { filter: {} } }, 'validation_error'],
    [`PUT ${V}`, { path, raw: Buffer.alloc(33 * 1024 * 1024, ' ') }, 'payload_too_large'],
    [`POST ${C}/:collection/search`, { path, body: short }, 'dimension_mismatch'],
    [`POST ${C}/:collection/search`, { path, ...tokens, body: search }, 'invalid_token'],
    [`POST ${C}/:collection/search`, { path, ...ahead, body: search }, 'token_ahead'],
    [`POST ${C}/:collection/search`, { path, ...ahead, body: { ...search, consistency: 'strong' } }, 'token_ahead'],
    [`POST ${C}/:collection/search`, { path, ...ahead, body: { ...search, consistency: 'eventual' } }, 'token_ahead'],
    [`PUT ${V}/:id`, { path: point, ...ahead, body: { payload: {} } }, 'token_ahead'],
    [`POST ${V}/count`, { path, ...ahead }, 'token_ahead'],
    [`POST ${C}/:collection/search/recommend`, { path, body: recommended }, 'vector_not_found'],
    ['POST /api/v1/search', { body: { collections: ['books', 'none'], ...search } }, 'collection_not_found'],
    [`GET ${C}/:collection/changes`, { path, query: 'from=nonsense' }, 'invalid_token'],
    [`GET ${C}/:collection/changes`, { path, query: 'from=1000000' }, 'token_ahead'],
    ['GET /api/v1/operations/:id', { path: { id: 'x' }, query: 'collection=none' }, 'collection_not_found'],
    ['GET /api/v1/events/:sequence/token', { path: { sequence: '99' }, query: 'collection=books' }, 'event_not_found'],
    ['GET /api/v1/events/dead-letters/:sequence', { path: { sequence: '99' } }, 'dead_letter_not_found'],
    ['POST /api/v1/auth/keys', { body: { name: 'x', roles: ['nobody'] } }, 'validation_error'],
    [
      'PUT /api/v1/auth/roles/:role',
      { path: { role: 'admin' }, body: { permissions: ['get_vector'] } },
      'validation_error',
    ],
  ];
}

/** Bodies that are none: cut, cut in another way, of another type, packed; and two that are not what the route takes. */
export async function askWithBadBodies(
  system: DescribedSystem,
  route: string,
): Promise<readonly (string | undefined)[]> {
  const raw = Buffer.from('{"a":');
  const answers = [
    await system.ask(route, { path, raw }),
    await system.ask(route, { path, raw, headers: { 'content-type': 'application/msgpack' } }),
    await system.ask(route, { path, raw, headers: { 'content-type': 'text/plain' } }),
    await system.ask(route, { path, raw, headers: { 'content-encoding': 'gzip' } }),
    await system.ask(route, { path, body: [] }),
    await system.ask(route, { path, body: { unknown: 1 } }),
  ];
  return answers.map(({ type }) => type);
}
