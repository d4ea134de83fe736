import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { eventJsonSchema, EventKind } from '@vectorizer/contracts';
import { asyncApiDocument } from './asyncapi.ts';

/** The JSON Schemas of events, and their AsyncAPI document, as docs/events has them; a test holds the files to what validates. */
export const schemaFiles = [
  ...EventKind.options.map((kind) => ({ path: `docs/events/${kind}.schema.json`, value: eventJsonSchema(kind) })),
  { path: 'docs/events/asyncapi.json', value: asyncApiDocument() },
].map(({ path, value }) => ({ path, text: `${JSON.stringify(value, undefined, 2)}\n` }));

/** Writes them. */
if (import.meta.main) {
  for (const { path, text } of schemaFiles) {
    const file = resolve(import.meta.dirname, '..', path);
    mkdirSync(resolve(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
}
