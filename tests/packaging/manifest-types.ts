import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from './chart.ts';
import { root } from './dockerfile.ts';

const CUSTOM: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'cert-manager.io': '@kubernetes-models/cert-manager',
};

/**
 * Has the TypeScript compiler hold manifests to the types of Kubernetes' own schemas: a field that is unknown, missing or of another
 * type is an error, as with a strict check by the API server. Answers what it says, with the place in the manifest.
 */
export function typeErrors(manifests: readonly Manifest[], directory: string): string {
  symlinkSync(join(root, 'tests/node_modules'), join(directory, 'node_modules'));
  const file = join(directory, 'manifests.ts');
  writeFileSync(file, manifests.map(satisfying).join('\n'));
  const args = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    '',
    file,
  ];
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['--ignoreConfig', ...args], {
    cwd: directory,
    encoding: 'utf8',
  });
  return status === 0 ? '' : `${stdout}${stderr}`;
}

function satisfying(manifest: Manifest): string {
  const { apiVersion, kind } = manifest;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const module = `${CUSTOM[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
  return `(${JSON.stringify(manifest, undefined, 1)}) satisfies import('${module}').I${kind};`;
}
