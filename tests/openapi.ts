import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openApiDocument } from '@vectorizer/gateway';

/** Writes docs/openapi.json, of the gateway as it was built last. */
if (import.meta.main) {
  const file = resolve(import.meta.dirname, '../docs/openapi.json');
  writeFileSync(file, `${JSON.stringify(openApiDocument(), undefined, 2)}\n`);
}
