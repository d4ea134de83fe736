import { z } from 'zod';
import { eventBodies, type EventKind } from './events.ts';
import { writtenSchemas } from './written-schemas.ts';

/** The JSON Schema (2020-12) of the bodies of one kind of events, for producers in other languages. */
export function eventJsonSchema(kind: EventKind): object {
  const schema = z.toJSONSchema(eventBodies[kind], {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => Object.assign(jsonSchema, writtenSchemas.get(zodSchema)),
  });
  return { title: `The body of vectorizer.events.<collection>.${kind}`, ...schema };
}
