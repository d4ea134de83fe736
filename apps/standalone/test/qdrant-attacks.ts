import * as fc from 'fast-check';
import { hostileBytes, hostileText, hostileValue, spoiled } from './hostile.ts';

/** A request to the interface of Qdrant, whose description is Qdrant's own: its parameters and its body as they are sent. */
export type QdrantAttack = {
  readonly route: number;
  readonly parameters: readonly string[];
  readonly query: string;
  readonly raw: Buffer | undefined;
};

const vector = fc.array(fc.double({ noNaN: true, min: -1, max: 1 }), { minLength: 2, maxLength: 4 });
const id = fc.oneof(fc.nat(), fc.uuid(), fc.constantFrom('a', 'b'));
/** What is close to what is expected, so that what is behind the first look is reached. */
const likely = fc.record(
  {
    points: fc.oneof(
      fc.array(fc.record({ id, vector, payload: hostileValue }), { maxLength: 3 }),
      fc.array(id, { maxLength: 3 }),
    ),
    vectors: fc.record({
      size: fc.integer({ min: -1, max: 8 }),
      distance: fc.constantFrom('Cosine', 'Dot', 'Euclid', 'x'),
    }),
    vector,
    query: fc.oneof(vector, id, fc.record({ nearest: vector }), hostileValue),
    ids: fc.array(id, { maxLength: 3 }),
    positive: fc.array(id, { maxLength: 2 }),
    payload: hostileValue,
    key: hostileText,
    limit: fc.integer({ min: -1, max: 20 }),
    offset: fc.oneof(id, hostileValue),
    filter: fc.oneof(
      hostileValue,
      fc.record({ must: fc.array(fc.record({ key: hostileText, match: hostileValue }), { maxLength: 2 }) }),
    ),
    actions: fc.array(hostileValue, { maxLength: 2 }),
    searches: fc.array(fc.record({ vector, limit: fc.nat() }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.constant(undefined),
  fc.oneof(likely, likely, spoiled(likely), hostileValue).map((each) => Buffer.from(JSON.stringify(each) ?? 'null')),
  hostileBytes,
);

export const qdrantAttack: fc.Arbitrary<QdrantAttack> = fc.record({
  route: fc.nat(),
  parameters: fc.array(fc.oneof(fc.constantFrom('books', 'codes', 'a'), hostileText), { minLength: 3, maxLength: 3 }),
  query: fc.oneof(
    fc.constant(''),
    fc.constantFrom('wait=true', 'wait=false&timeout=1', 'ordering=strong', 'consistency=all', 'unheard-of=1'),
    hostileText.map((text) => `wait=${encodeURIComponent(text.toWellFormed())}`),
  ),
  raw: body,
});
