import { limits } from '@vectorizer/contracts';
import { C, describeRefusals, messagePack, pack, S, type Case } from './refusals.ts';

const searching = (path: string, body: object): Case => ({
  name: `a search with a bad ${path}`,
  route: `POST ${S}`,
  body: { vector: [1, 0], ...body },
  answer: '400 validation_error',
  message: `${path}: `,
});

/** Refused since `typed` declares an index of another type on the key. */
const filtering = (path: string, filter: object): Case => ({
  name: `a filter with a ${path} that the index of its key never answers`,
  route: `POST ${C}/typed/search`,
  body: { vector: [1, 0], filter },
  answer: '400 validation_error',
  message: `filter.${path}: `,
});
const place = { lat: 1, lon: 1 };
const leaf = { key: 'a', match: { value: 1 } };
const nested = (depth: number): object => (depth === 0 ? leaf : { must: [nested(depth - 1)] });

const following = (what: string, near: object, message: string): Case => ({
  name: `a standing query with ${what}`,
  route: `POST ${C}/books/changes`,
  body: { near },
  answer: '400 validation_error',
  message,
});

describeRefusals('a bad search', [
  following('no bound', { vector: [1, 0] }, 'near: expected exactly one of radius, score_threshold, k'),
  following('two bounds', { vector: [1, 0], k: 1, radius: 1 }, 'near: expected exactly one of'),
  following('a negative radius', { vector: [1, 0], radius: -1 }, 'near.radius: '),
  following('too many members', { vector: [1, 0], k: limits.nearMembersMax + 1 }, 'near.k: '),
  following('a vector without a direction', { vector: [0, 0], k: 1 }, 'near.vector: must not be all zeros'),
  {
    ...following('a vector of another dimension', { vector: [1], k: 1 }, 'near.vector: expected 2 components, got 1'),
    answer: '400 dimension_mismatch',
  },
  {
    ...following('what is not JSON', {}, 'near: expected JSON'),
    route: `GET ${C}/books/changes?near=no`,
    body: undefined,
  },
  filtering('must[0].range', { must: [{ key: 'word', range: { gt: 1 } }] }),
  filtering('must[0].range', { must: [{ key: 'flag', range: { gt: 1 } }] }),
  filtering('must[0].range', { must: [{ key: 'place', range: { gt: 1 } }] }),
  filtering('must[0].range', { must: [{ key: 'at', range: { gt: 1 } }] }),
  filtering('must[0].range', { must: [{ key: 'n', range: { gt: '2026-01-01T00:00:00Z' } }] }),
  filtering('must[0].match.value', { must: [{ key: 'word', match: { value: 1 } }] }),
  filtering('must[0].match.any[1]', { must: [{ key: 'deep.n', match: { any: [1, '1'] } }] }),
  filtering('must[0].match.except[0]', { must: [{ key: 'flag', match: { except: ['true'] } }] }),
  filtering('must[0].match.value', { must: [{ key: 'n', match: { value: 1.5 } }] }),
  filtering('must[0].match.value', { must: [{ key: 'place', match: { value: 'here' } }] }),
  filtering('must[0].match.value', { must: [{ key: 'at', match: { value: 5 } }] }),
  filtering('should[0].must_not[1].geo_radius', {
    should: [
      {
        must_not: [
          { key: 'n', exists: true },
          { key: 'n', geo_radius: { center: place, radius_m: 1 } },
        ],
      },
    ],
  }),
  filtering('must[0].geo_box', { must: [{ key: 'word', geo_box: { top_left: place, bottom_right: place } }] }),
  filtering('must[0].geo_radius.center.lat', {
    must: [{ key: 'place', geo_radius: { center: { lat: 90.1, lon: 0 }, radius_m: 1 } }],
  }),
  filtering('must[0].geo_box.top_left.lon', {
    must: [{ key: 'place', geo_box: { top_left: { lat: 1, lon: -181 }, bottom_right: place } }],
  }),
  filtering('must[0].geo_radius.radius_m', { must: [{ key: 'place', geo_radius: { center: place, radius_m: 0 } }] }),
  ...['count', 'scroll', 'delete'].map((read) => ({
    ...filtering('must[0].range', { must: [{ key: 'word', range: { gt: 1 } }] }),
    name: `a ${read} with a range on a keyword`,
    route: `POST ${C}/typed/vectors/${read}`,
    body: { filter: { must: [{ key: 'word', range: { gt: 1 } }] } },
  })),
  {
    name: 'a batch of searches with a range on a keyword',
    route: `POST ${C}/typed/search/batch`,
    body: { searches: [{ vector: [1, 0] }, { vector: [1, 0], filter: { must: [{ key: 'word', range: { gt: 1 } }] } }] },
    answer: '400 validation_error',
    message: 'searches[1].filter.must[0].range: ',
  },
  searching('k', { k: 0 }),
  searching('k', { k: 1_001 }),
  searching('k', { k: 2.5 }),
  searching('k', { k: '10' }),
  searching('ef', { ef: 0 }),
  searching('vector', { vector: [] }),
  searching('vector', { vector: 'not base64!' }),
  searching('vector', { vector: [1, null] }),
  searching('vector', { vector: [1, '2'] }),
  searching('vector', { vector: [1, 1e39] }),
  searching('vector', { vector: Buffer.from(Float32Array.of(1, Number.NaN).buffer).toString('base64') }),
  searching('vector', { vector: [0, 0] }),
  searching('vector', { vector: undefined }),
  searching('limit', { limit: 3 }),
  searching('consistency', { consistency: 'perfect' }),
  searching('timeout_ms', { timeout_ms: 0 }),
  searching('with_payload', { with_payload: 'yes' }),
  searching('score_threshold', { score_threshold: 'high' }),
  searching('filter.when', { filter: { when: [] } }),
  searching('filter.must', { filter: { must: [] } }),
  {
    ...searching('filter', { filter: { must: Array.from({ length: limits.filterConditionsMax + 1 }, () => leaf) } }),
    name: 'a search with more conditions than a filter may have',
    message: `filter: must have at most ${limits.filterConditionsMax} conditions`,
  },
  {
    ...searching('filter', { filter: nested(limits.filterDepthMax + 1) }),
    name: 'a search with a filter that nests deeper than it may',
    message: `filter: must nest at most ${limits.filterDepthMax} deep`,
  },
  searching('filter.must[1].key', { filter: { must: [{ has_id: ['a'] }, { key: '', match: { value: 1 } }] } }),
  {
    name: 'a search with NaN in MessagePack',
    route: `POST ${S}`,
    raw: pack({ vector: [1, Number.NaN] }),
    headers: messagePack,
    answer: '400 validation_error',
    message: 'vector: component 1: expected a finite float32',
  },
  {
    name: 'a search of another dimension',
    route: `POST ${S}`,
    body: { vector: [1, 2, 3] },
    answer: '400 dimension_mismatch',
    message: 'vector: expected 2 components, got 3',
  },
  {
    name: 'an empty list of searches',
    route: `POST ${S}/batch`,
    body: { searches: [] },
    answer: '400 validation_error',
    message: 'searches: must not be empty',
  },
  {
    name: 'a bad search among good ones',
    route: `POST ${S}/batch`,
    body: { searches: [{ vector: [1, 0] }, { vector: [1] }] },
    answer: '400 dimension_mismatch',
    message: 'searches[1].vector: expected 2 components, got 1',
  },
  {
    name: 'a query parameter of search',
    route: `POST ${S}?k=3`,
    body: { vector: [1, 0] },
    answer: '400 validation_error',
    message: 'query.k: unknown field',
  },
]);
