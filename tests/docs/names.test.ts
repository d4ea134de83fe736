import { execFile, execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { documented } from '../monitoring/catalogue.ts';
import { leftOut, secureTests, startingTests } from '../system/secure-tests.ts';
import { root } from './place.ts';
import { expanded, isRoute } from './routes.ts';
import { UNKNOWN, withWorkflowTable, workflowTests } from './workflow-table.ts';

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
const documents = globSync('{*,docs/*}.md', { cwd: root }).filter((file) => file !== 'CHANGELOG.md');
type Named = { readonly name: string; readonly at: string };

/** What documents name by a pattern, and where; of each name its first group, if there is one. */
function named(pattern: RegExp, among: readonly string[] = documents): Named[] {
  return among.flatMap((file) =>
    textOf(file)
      .split('\n')
      .flatMap((line, i) =>
        [...line.matchAll(pattern)].map(([all, group]) => ({ name: group ?? all, at: `${file}:${i + 1}` })),
      ),
  );
}

function unknown(names: readonly Named[], isKnown: (name: string) => boolean): string[] {
  return names.filter(({ name }) => !isKnown(name)).map(({ name, at }) => `${at}: ${name}`);
}

/** All that is in the repository and not ignored. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '');
const inSources = (pattern: RegExp, among: RegExp): ReadonlySet<string> =>
  new Set(
    files
      .filter((file) => among.test(file) && existsSync(join(root, file)))
      .flatMap((file) => textOf(file).match(pattern) ?? []),
  );

/** By a benchmark, where it runs. */
const isMade = (file: string): boolean => file.startsWith('benches/results/');

describe('what the documents name', () => {
  it('as left out where everything is encrypted is that, for that reason, and all else that starts something is not', () => {
    const rows = textOf('docs/TESTING.md').matchAll(/^\| `(tests\/[\w/.-]+\.test\.ts)` \| (.*) \|$/gm);
    expect(Object.fromEntries([...rows].map(([, file = '', reason = '']) => [file, reason]))).toEqual(leftOut);
    expect([...secureTests(), ...Object.keys(leftOut)].toSorted()).toEqual(startingTests());
    expect(secureTests().length).toBeGreaterThan(30);
  });

  it('as a metric is one, and its series', () => {
    const metrics = documented([]);
    const found = named(
      /\bvectorizer_[a-z_]+[a-z]\b(?!\*|_)/g,
      documents.filter((file) => file !== 'docs/METRICS.md'),
    );
    expect(found.length).toBeGreaterThan(10);
    expect(
      unknown(found, (name) => metrics.has(name) || metrics.has(name.replace(/_(bucket|sum|count)$/, ''))),
    ).toEqual([]);
  });

  it('as a rule or an alert is one', () => {
    const rules = inSources(/(?<=(?:record|alert): )\S+/g, /^infra\/prometheus\/rules\//);
    const classes = inSources(/(?<=class )Vectorizer\w+/g, /^packages\/client\/src\//);
    expect(unknown(named(/\bvectorizer(?::[a-z]\w*)+/g), (name) => rules.has(name))).toEqual([]);
    const alerts = named(/\bVectorizer[A-Z]\w+/g);
    expect(alerts.length).toBeGreaterThan(1);
    expect(unknown(alerts, (name) => rules.has(name) || classes.has(name))).toEqual([]);
  });

  it('as a setting is one', () => {
    // Which another test holds to the table that they are read by.
    const settings = inSources(/\bVECTORIZER_[A-Z0-9_]*[A-Z0-9]\b/g, /^docs\/SETTINGS\.md$/);
    const found = named(/\bVECTORIZER_[A-Z0-9_]*[A-Z0-9]\b/g);
    expect(found.length).toBeGreaterThan(50);
    expect(unknown(found, (name) => settings.has(name))).toEqual([]);
  });

  it('as a route is one', () => {
    const routes = ['route-rules', 'qdrant-rules'].flatMap((name) =>
      expanded(textOf(`apps/frame/src/access/${name}.ts`)),
    );
    expect(routes.length).toBeGreaterThan(50);
    const found = named(/`((?:GET|POST|PUT|PATCH|DELETE) …?\/[^`\s?[]+)/g);
    expect(found.length).toBeGreaterThan(50);
    expect(unknown(found, (name) => isRoute(name, routes))).toEqual([]);
  });

  it('as a file is there', () => {
    const found = named(/`((?:apps|benches|docs|infra|packages|tests)\/[\w./-]+)`/g);
    expect(found.length).toBeGreaterThan(20);
    expect(
      unknown(found, (name) => isMade(name) || existsSync(join(root, name)) || existsSync(join(root, `${name}.ts`))),
    ).toEqual([]);
  });
});

describe('the map of the workflows', () => {
  it('has each test of tests/workflow with its requirement; after a change: node tests/docs/workflow-table.ts', () => {
    const testing = textOf('docs/TESTING.md');
    expect(withWorkflowTable(testing)).toBe(testing);
    expect(testing).not.toContain(`| ${UNKNOWN} |`);
    expect([...workflowTests().values()].flat().length).toBeGreaterThanOrEqual(50);
  });
});

/** Words that are commands, from the left. */
function pathOf(words: readonly string[]): string[] {
  const end = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  return words.slice(0, end === -1 ? undefined : end);
}

/** One process, as each takes a third of a second to start. */
const TELL_HELPS = `
  import { commandLine } from '${join(root, 'apps/cli/dist/command-line.js')}';
  const helps = {};
  const tell = (command, path) => {
    helps[path.join(' ')] = command.helpInformation();
    for (const each of command.commands) tell(each, [...path, each.name()]);
  };
  tell(commandLine({}), []);
  console.log(JSON.stringify(helps));`;

describe('the commands that the documents name', () => {
  const commands = named(/\.\/vectorizer((?: [^`|#&;\n]*)?)/g).map(({ name, at }) => ({
    at,
    words: name.trim().split(/\s+/),
  }));
  const helps = new Map<string, string>();
  const byScript = new Set(
    ['help', 'client', 'test', 'chaos', 'bench', 'sbom'].filter((name) => textOf('vectorizer').includes(`\n  ${name}`)),
  );

  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', TELL_HELPS]);
    for (const [path, help] of Object.entries(JSON.parse(stdout) as Record<string, string>)) helps.set(path, help);
  });

  it('are passed on by ./vectorizer, and told by it (regression)', () => {
    const script = textOf('vectorizer');
    const passed = [...script.matchAll(/^  ([a-z |-]+)\)$/gm)].flatMap(([, names = '']) => names.split(' | '));
    const own = [...helps.keys()].filter((path) => /^[a-z]+$/.test(path) && path !== 'help');
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((name) => !passed.includes(name))).toEqual([]);
    expect(own.filter((name) => !new RegExp(`^  ${name} `, 'm').test(script))).toEqual([]);
  });

  it('are there, with their options', () => {
    expect(commands.length).toBeGreaterThan(30);
    const wrong = commands.flatMap(({ at, words }) => {
      const [first = ''] = words;
      // What the script does by itself, whose options are read by what it starts.
      if (byScript.has(first)) return [];
      const path = pathOf(words);
      while (path.length > 0 && !helps.has(path.join(' '))) path.pop();
      const help = helps.get(path.join(' ')) ?? '';
      if (first !== '' && path.length === 0 && /^[a-z]/.test(first)) return [`${at}: there is no ${first}`];
      const options = words.flatMap((word) => /^\[?(--[a-z][a-z-]*)/.exec(word)?.[1] ?? []);
      return options
        .filter((option) => !help.includes(option))
        .map((option) => `${at}: ${path.join(' ')} has no ${option}`);
    });
    expect(wrong).toEqual([]);
  });
});
