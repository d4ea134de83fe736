import { execFileSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { root } from './dockerfile.ts';

/** Each lets the whole be given away under Apache-2.0. The OFL is that of the dashboard's fonts. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'OFL-1.1',
  'Unlicense',
];

type License = { readonly license?: { readonly id?: string; readonly name?: string }; readonly expression?: string };
type Bom = {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly licenses?: readonly License[];
  }[];
};

let text: string;
let bom: Bom;

beforeAll(() => {
  text = execFileSync('pnpm', ['run', '--silent', 'sbom'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  bom = JSON.parse(text) as Bom;
});

describe('the bill of materials', () => {
  it('is CycloneDX 1.6, by its own schema', async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(text)).toBeNull();
    expect(await validator.validate(text.replace('"bomFormat"', '"bomFormt"'))).not.toBeNull();
  });

  it('has what a server runs and what the dashboard is made of, and nothing that only builds or tests', () => {
    const names = new Set(bom.components.map(({ name }) => name));
    for (const name of ['hnswlib-node', 'lmdb', 'fastify', 'transport-node', 'webgpu', 'react', 'uplot']) {
      expect([name, names.has(name)]).toEqual([name, true]);
    }
    expect(
      ['jest', 'typescript', 'turbo', 'vite', 'axe-core', 'assemblyscript'].filter((name) => names.has(name)),
    ).toEqual([]);
  });

  it('names only licences that let others use it', () => {
    const told = bom.components.map(({ name, version, licenses = [] }) => ({
      what: `${name}@${version}`,
      licences: licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name),
    }));
    const others = told.filter(
      ({ licences }) => licences.length === 0 || licences.some((each) => !PERMISSIVE.includes(each ?? '')),
    );
    expect(others).toEqual([]);
  });
});
