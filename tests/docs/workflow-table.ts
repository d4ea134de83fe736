import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const page = join(root, 'docs/TESTING.md');

/** Of each file of tests/workflow, by its name without an ending: what its tests are called, in their order. */
export function workflowTests(): Map<string, string[]> {
  const files = globSync('tests/workflow/*.test.ts', { cwd: root }).toSorted();
  return new Map(files.map((file) => [basename(file, '.test.ts'), titlesIn(readFileSync(join(root, file), 'utf8'))]));
}

function titlesIn(source: string): string[] {
  const named = /\bit(?:\.each\([^]*?\))?\(\s*(?<quote>['"`])(?<title>.*?)\k<quote>,\s*(?:async )?\(/g;
  return [...source.matchAll(named)].map(({ groups = {} }) => groups['title'] ?? '');
}

/**
 * A text with rows `| file | requirement | tests |` for the files that there are: `node tests/docs/workflow-table.ts` puts
 * them into docs/TESTING.md. What a file is required for is written there by hand; of a new one it says UNKNOWN.
 */
export function withWorkflowTable(text: string): string {
  const rows = /(?<=^\| file in `tests\/workflow`.*\n\|[-|]+\n)(?:\|.*\n)+/m;
  const [found = ''] = rows.exec(text) ?? [];
  const requirements = new Map(
    Array.from(found.matchAll(/^\| `([\w-]+)` \| ([^|]*) \|/gm), ([, file = '', requirement = '']) => [
      file,
      requirement,
    ]),
  );
  const row = ([file, titles]: readonly [string, readonly string[]]): string => {
    const tests = titles.map((title) => title.replaceAll('|', String.raw`\|`)).join('<br>');
    return `| \`${file}\` | ${requirements.get(file) ?? UNKNOWN} | ${tests} |\n`;
  };
  return text.replace(rows, () => [...workflowTests()].map(row).join(''));
}
export const UNKNOWN = 'to be said';

if (import.meta.main) writeFileSync(page, withWorkflowTable(readFileSync(page, 'utf8')));
