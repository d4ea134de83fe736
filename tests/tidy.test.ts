import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { deadLetters, events } from '@vectorizer/contracts';
import {
  otherVariableNames,
  settingNames,
  settingOf,
  settingsReference,
  variableOf,
  type SettingName,
} from '@vectorizer/settings';
import { withErrorsTable } from './errors-table.ts';

/** Rules that no linter has, in the spirit of TigerBeetle's tidy.zig. */
const root = resolve(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(
    (file) =>
      /\.(ts|mjs|md|sh|json|ya?ml|conf)$|(^|\/)(vectorizer|run)$/.test(file) && !file.endsWith('pnpm-lock.yaml'),
  );
const sources = files.filter((file) => file.endsWith('.ts') && file !== 'tests/tidy.test.ts');
const textOf = (file: string): string => readFileSync(resolve(root, file), 'utf8');

function offenders(candidates: readonly string[], pattern: RegExp): string[] {
  return candidates.flatMap((file) =>
    textOf(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

function titles(file: string): number {
  return textOf(file)
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .split('\n')
    .filter((line) => line.startsWith('# ')).length;
}

/** Tests that misspell. */
const ABOUT_WRONG_NAMES: ReadonlySet<string> = new Set([
  'packages/settings/src/resolve.test.ts',
  'packages/settings/src/sources/environment.ts',
  'tests/workflow/settings.test.ts',
]);
/** Read by what is no service, or before a service reads its settings. */
const DIRECT: ReadonlySet<string> = new Set([...otherVariableNames, 'VECTORIZER_METRICS']);
/** Named as settings are, and none. */
const STREAMS: ReadonlySet<string> = new Set([events.stream, deadLetters.stream]);

/** What may be written with our prefix: the variables that there are. */
const VARIABLES: ReadonlySet<string> = new Set([
  ...settingNames.flatMap((name) => [variableOf(name), ...secretFileOf(name)]),
  ...otherVariableNames,
  ...STREAMS,
]);

function secretFileOf(name: SettingName): string[] {
  return settingOf(name).secret === undefined ? [] : [`${variableOf(name)}_FILE`];
}

function isThere(file: string, heading: string | undefined): boolean {
  if (!existsSync(resolve(root, file))) return false;
  return heading === undefined || headingsOf(file).includes(heading);
}

/** As links name them. */
function headingsOf(file: string): string[] {
  const headings = textOf(file)
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the source tree', () => {
  it('skips, focuses and retries no test', () => {
    expect(
      offenders(sources, /\b(it|test|describe)\.(skip|todo|failing|only)\b|\bx(it|describe)\(|retryTimes\(/),
    ).toEqual([]);
  });

  it('mocks no module', () => {
    expect(offenders(sources, /jest\.(mock|unstable_mockModule|spyOn)\(/)).toEqual([]);
  });

  it('holds no unfinished work', () => {
    expect(offenders(sources, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it('silences no rule without a reason', () => {
    expect(offenders(sources, /@ts-(ignore|nocheck|expect-error)|(oxlint|eslint)-disable(?!.* -- )/)).toEqual([]);
  });

  it('keeps Nest out of the packages', () => {
    expect(
      offenders(
        sources.filter((file) => file.startsWith('packages/')),
        /from '@nestjs\//,
      ),
    ).toEqual([]);
  });

  it('has no module wiring that hides its dependencies', () => {
    expect(offenders(sources, /forwardRef\(|@Global\(\)|Scope\.REQUEST/)).toEqual([]);
  });

  it('documents every failure', () => {
    expect(withErrorsTable(textOf('docs/ERRORS.md'))).toBe(textOf('docs/ERRORS.md'));
  });

  it('has docs/SETTINGS.md as the table of settings makes it', () => {
    expect(textOf('docs/SETTINGS.md')).toBe(settingsReference());
  });

  it('names no variable that is not in the table of settings', () => {
    const unknown = files
      .filter((file) => !ABOUT_WRONG_NAMES.has(file))
      .flatMap((file) =>
        (textOf(file).match(/\bVECTORIZER_[A-Z0-9_]*[A-Z0-9]\b/g) ?? [])
          .filter((name) => !VARIABLES.has(name))
          .map((name) => `${file}: ${name}`),
      );
    expect(unknown).toEqual([]);
  });

  it('has a service read every setting through the table, and none around it', () => {
    const readers = files.filter((file) => /^apps\/[^/]+\/src\/.*\.ts$/.test(file));
    const all = readers.map(textOf).join('\n');
    const unread = settingNames.filter((name) => !new RegExp(`\\b${name}\\b`).test(all));
    expect(unread.filter((name) => settingOf(name).onlyVariable !== true)).toEqual([]);
    const direct = sources
      .filter((file) => !file.startsWith('tests/'))
      .flatMap((file) => [
        ...textOf(file).matchAll(
          /\b(?:env|environment)(?:\.|\[')(VECTORIZER_\w+)|(VECTORIZER_\w+)[^{}]*\} = (?:process\.env|environment)\b/g,
        ),
      ]);
    const around = direct.map(([, indexed, taken]) => indexed ?? taken ?? '');
    expect(around.filter((name) => !DIRECT.has(name))).toEqual([]);
  });

  it('links only to files and headings that are there', () => {
    const dead = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...textOf(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
          .map(([, link = '', heading]) => ({ target: link === '' ? file : join(dirname(file), link), heading }))
          .filter(({ target, heading }) => !isThere(target, heading))
          .map(({ target, heading }) => `${file}: ${target}${heading === undefined ? '' : `#${heading}`}`),
      );
    expect(dead).toEqual([]);
  });

  it('leads from the README to every page', () => {
    const pages = files.filter((file) => /^docs\/[^/]+\.md$/.test(file));
    expect(pages.filter((page) => !textOf('README.md').includes(`](${page})`))).toEqual([]);
  });

  it('gives each document one title', () => {
    const documents = files.filter((file) => file.endsWith('.md'));
    expect(documents.filter((file) => titles(file) !== 1)).toEqual([]);
  });
});
