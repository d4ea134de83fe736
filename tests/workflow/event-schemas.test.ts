import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { schemaFiles } from '../event-schemas.ts';

describe('the JSON Schemas of events', () => {
  it.each(schemaFiles)('in $path are those of what validates', ({ path, text }) => {
    const file = readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8');
    expect(JSON.parse(file)).toEqual(JSON.parse(text));
  });
});
