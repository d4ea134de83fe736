import { globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
/** By which tests start instances, encrypted where all of them are to be. */
const STARTS = 'tests/system/system.ts';

/** Tests that start something and are left out where everything is encrypted, and why. docs/TESTING.md has the same list. */
export const leftOut: Readonly<Record<string, string>> = {
  'tests/capacity/plan.test.ts': 'weighs replicas in processes of its own, without services or connections',
  'tests/dashboard/access.test.ts': 'is about keys, and makes its own; a browser asks it in the clear',
  'tests/docs/docs.test.ts': 'follows what the documents start; TLS.md and PRODUCTION-CHECKLIST.md start it encrypted',
  'tests/docs/names.test.ts': 'reads the documents, and starts nothing',
  'tests/docs/runner.test.ts': 'is about how documents are followed',
  'tests/packaging/compose.test.ts': 'makes certificates, and starts nothing',
  'tests/packaging/image.test.ts': 'starts roles as the image is set up to, one of them with a certificate',
  'tests/workflow/access.test.ts': 'is about starting without a key, and about the first one',
  'tests/workflow/log-servers.test.ts': 'starts log servers alone, always with certificates of its own',
  'tests/workflow/tls.test.ts': 'is always encrypted, with certificates and keys of its own',
};

/** The tests that start instances which are encrypted where everything is to be, by their paths from the root. */
export function secureTests(): string[] {
  return startingTests().filter((file) => leftOut[file] === undefined && reaches(file, (each) => each === STARTS));
}

/** All of `tests/` that start processes of ours in any way. */
export function startingTests(): string[] {
  const starts = /^tests\/(system\/(system|command)|docs\/place|packaging\/role)\.ts$/;
  const tests = globSync('tests/**/*.test.ts', { cwd: root, exclude: ['**/node_modules/**'] }).toSorted();
  return tests.filter((file) => reaches(file, (each) => starts.test(each)));
}

/** Whether a file is such a one, or refers to one, however many are between. */
function reaches(file: string, isWanted: (file: string) => boolean, seen = new Set<string>()): boolean {
  if (isWanted(file)) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  const referred = readFileSync(join(root, file), 'utf8').matchAll(/ from '(\.{1,2}\/[^']+\.ts)';$/gm);
  return [...referred].some(([, path = '']) => reaches(join(dirname(file), path), isWanted, seen));
}
