import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { failures } from '@vectorizer/errors';

/** Writes the failure table into docs/ERRORS.md; a test holds the page to it. */
const page = resolve(import.meta.dirname, '../docs/ERRORS.md');

export function withErrorsTable(markdown: string): string {
  const rows = Object.entries(failures).map(
    ([type, { http, retryable, onReplay, meaning }]) =>
      `| \`${type}\` | ${http} | ${retryable ? 'yes' : 'no'} | ${onReplay} | ${meaning} |`,
  );
  const table = ['| type | HTTP | retry | replay | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
  return markdown.replace(/^\| type \|.*\n(\|.*(\n|$))*/m, () => `${table}\n`);
}

if (import.meta.main) writeFileSync(page, withErrorsTable(readFileSync(page, 'utf8')));
