import { z } from 'zod';
import { eventBodies, type EventKind } from './events.ts';
import { limits } from './limits.ts';
import { PayloadText } from './payload.ts';
import { Vector } from './vector.ts';

/** Of what is checked by code of ours, and would be anything to a schema. */
const written = new Map<unknown, object>([
  [
    Vector,
    {
      anyOf: [
        { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: limits.dimensionMax },
        { type: 'string', contentEncoding: 'base64', description: 'little-endian float32' },
      ],
    },
  ],
  [PayloadText, { type: 'object', description: `at most ${limits.payloadBytesMax} bytes as JSON` }],
]);

/** The JSON Schema (2020-12) of the bodies of one kind of events, for producers in other languages. */
export function eventJsonSchema(kind: EventKind): object {
  const schema = z.toJSONSchema(eventBodies[kind], {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => Object.assign(jsonSchema, written.get(zodSchema)),
  });
  return { title: `The body of vectorizer.events.<collection>.${kind}`, ...schema };
}
