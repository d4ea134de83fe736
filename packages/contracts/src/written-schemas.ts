import type { z } from 'zod';
import { Condition, Filter } from './filter.ts';
import { DeleteByIds, DeleteFilter, Example, InsertBatchBody, MixedBatchBody, UpsertBatchBody } from './http-bodies.ts';
import { limits } from './limits.ts';
import { PayloadText } from './payload.ts';
import { Vector } from './vector.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Where docs/openapi.json has what is named so. */
export const componentOf = (name: string): string => `#/components/schemas/${name}`;
const refTo = (name: string): JsonSchema => ({ $ref: componentOf(name) });

const numbers = { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: limits.dimensionMax };
/** Of what is checked by code of ours, and would be anything to a schema. */
export const writtenSchemas: ReadonlyMap<unknown, JsonSchema> = new Map<unknown, JsonSchema>([
  [
    Vector,
    {
      description: 'As many finite numbers as the collection has dimensions',
      anyOf: [numbers, { type: 'string', contentEncoding: 'base64', description: 'little-endian float32' }],
    },
  ],
  [PayloadText, { type: 'object', description: `at most ${limits.payloadBytesMax} bytes as JSON` }],
]);

/** What such code reaches other schemas by, which only a document that has them can say. */
export const writtenReferences: ReadonlyMap<unknown, JsonSchema> = new Map<unknown, JsonSchema>([
  [
    Filter,
    {
      ...refTo('FilterClauses'),
      description: `At most ${limits.filterConditionsMax} conditions, at most ${limits.filterDepthMax} deep`,
    },
  ],
  [DeleteFilter, { ...refTo('FilterClauses'), description: 'With at least one condition' }],
  [
    Condition,
    {
      anyOf: [
        ...['Match', 'Range', 'Exists', 'IsNull', 'GeoBox', 'GeoRadius', 'HasId'].map((form) =>
          refTo(`${form}Condition`),
        ),
        refTo('FilterClauses'),
      ],
    },
  ],
  [Example, { description: 'The id of a point, or a vector', anyOf: [refTo('PointId'), numbers] }],
  ...checkedEach(UpsertBatchBody.shape.points, 'NewPoint'),
  ...checkedEach(InsertBatchBody.shape.points, 'InsertedPoint'),
  ...checkedEach(MixedBatchBody.shape.operations, 'BatchOperation'),
  ...checkedEach(DeleteByIds.shape.ids, 'PointId'),
]);

/** Items of a batch, of which a bad one is answered for by itself and keeps no other from being written. */
function checkedEach(items: z.ZodType, name: string): [unknown, JsonSchema][] {
  const description = 'Each is checked by itself: one that is not of this form is answered as `rejected`';
  return [[items, { items: refTo(name), description, 'x-checked-each': true }]];
}
