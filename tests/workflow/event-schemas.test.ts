import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EventKind, events } from '@vectorizer/contracts';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { asyncApiDocument } from '../asyncapi.ts';
import { schemaFiles } from '../event-schemas.ts';

describe('the JSON Schemas of events', () => {
  it.each(schemaFiles)('in $path are those of what validates', ({ path, text }) => {
    const file = readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');
    expect(JSON.parse(file)).toEqual(JSON.parse(text));
  });
});

describe('the AsyncAPI document', () => {
  it('is one of version 3.0, and refers to nothing that is not there', () => {
    const specification: unknown = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
    const ajv = new Ajv({ strict: false });
    formats.default(ajv);
    const document = asyncApiDocument();
    const isValid = ajv.validate(specification as object, document);
    expect([isValid, ajv.errorsText()]).toEqual([true, 'No errors']);
    const text = JSON.stringify(document);
    const dangling = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].filter(
      ([, path = '']) => valueAt(document, path) === undefined,
    );
    expect(dangling).toEqual([]);
  });

  it('has a channel for every subject that the stream takes', () => {
    const { channels } = asyncApiDocument() as { channels: Record<string, { address: string | null }> };
    const subjects = EventKind.options
      .flatMap((kind) => [channels[kind]?.address, channels[`${kind}ByKey`]?.address])
      .map((address) => address?.replaceAll(/\{[a-z]+\}/g, '*'));
    expect(subjects).toEqual(events.subjects);
  });
});

function valueAt(document: object, path: string): unknown {
  return path
    .split('/')
    .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document);
}
