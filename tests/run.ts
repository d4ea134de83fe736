import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { secureTests } from './system/secure-tests.ts';

/**
 * What `./vectorizer test` and CI run: build, lint, format, boundaries, types of the tests, every test, and the benchmarks
 * against their budgets. Each check counts as one; the end says again what failed, and how many passed and failed. With
 * arguments only those tests are run; with `--secure` those that start instances, each of which is then encrypted and knows
 * its callers.
 */
const MESSAGE_LINES = 60;
const MESSAGE_COLUMNS = 300;
const root = resolve(import.meta.dirname, '..');
const given = process.argv.slice(2);
const secure = given.includes('--secure');
const named = given.filter((argument) => argument !== '--secure');
const files = secure && named.length === 0 ? secureTests() : named;
const directory = mkdtempSync(join(tmpdir(), 'vectorizer-test-'));
const report = join(directory, 'report.json');
const checks = [
  ['build'],
  ...(files.length > 0 ? [] : [['lint'], ['format:check'], ['boundaries'], ['types:tests']]),
] as const;

// oxlint-disable-next-line node/no-process-env -- what the tests are started with
const env: NodeJS.ProcessEnv = { ...process.env };
let [passed, failed] = [0, 0];
/** Said again at the end: who reads a long output reads its end. */
const failures: string[] = [];
for (const [check] of checks) if (!passes(check) && check === 'build') finish();
if (secure) makeCertificates();
run(['run', 'jest', '--json', `--outputFile=${report}`, ...files]);
const counted = readReport();
passed += counted.numPassedTests;
// A suite that could not even start has no tests to count.
failed += counted.numFailedTests + counted.numRuntimeErrorTestSuites;
failures.push(...counted.testResults.flatMap(failuresOf));
// Last, so that it shares the machine with no test.
if (files.length === 0) passes('bench:check');
finish();

function passes(check: string): boolean {
  const good = run(['run', check]);
  if (good) passed += 1;
  else {
    failed += 1;
    failures.push(`${check} (its output is above)`);
  }
  return good;
}

function run(args: readonly string[]): boolean {
  const { status } = spawnSync('pnpm', args, { cwd: root, stdio: 'inherit', env });
  return status === 0;
}

function makeCertificates(): void {
  const certificates = join(directory, 'certs');
  const cli = join(root, 'apps/cli/dist/main.js');
  const { status } = spawnSync(process.execPath, [cli, 'certs', 'init', '--dir', certificates], { stdio: 'inherit' });
  if (status !== 0) throw new Error('no certificates could be made');
  env['VECTORIZER_TEST_CERTS'] = certificates;
}

type FileReport = {
  readonly name: string;
  readonly message: string;
  readonly assertionResults: readonly { status: string; fullName: string; failureMessages: readonly string[] }[];
};
type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly FileReport[];
};

function readReport(): Report {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as Report;
  } catch {
    failures.push('jest (it left no report; its output is above)');
    return { numPassedTests: 0, numFailedTests: 1, numRuntimeErrorTestSuites: 0, testResults: [] };
  }
}

function failuresOf({ name, message, assertionResults }: FileReport): string[] {
  const file = relative(root, name);
  const tests = assertionResults.filter(({ status }) => status === 'failed');
  // A file that could not be run at all has a message and no tests.
  if (assertionResults.length === 0 && message !== '') return [`${file}\n${beginningOf(message)}`];
  return tests.map(
    ({ fullName, failureMessages }) => `${file} › ${fullName}\n${beginningOf(failureMessages.join('\n'))}`,
  );
}

function beginningOf(message: string): string {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at .*(?:node_modules|node:|<anonymous>)/v.test(line));
  return lines
    .slice(0, MESSAGE_LINES)
    .map((line) => `    ${line.slice(0, MESSAGE_COLUMNS)}`)
    .join('\n');
}

function finish(): never {
  rmSync(directory, { recursive: true, force: true });
  for (const failure of failures) process.stdout.write(`FAILED ${failure}\n\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}
