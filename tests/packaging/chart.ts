import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { findBinary } from '@vectorizer/testing';
import { root } from './dockerfile.ts';

export const chart = resolve(root, 'infra/helm/vectorizer');
export type Labels = Readonly<Record<string, string>>;
type Selector = { readonly matchLabels: Labels };
type Named = { readonly name: string };
export type Probe = {
  readonly httpGet?: { readonly path: string; readonly port: number; readonly scheme: string };
  readonly tcpSocket?: { readonly port: string };
};
export type Container = Named & {
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: object;
  readonly resources: { readonly requests?: object; readonly limits?: { readonly memory?: string } };
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
};
export type PodSpec = {
  readonly containers: readonly Container[];
  readonly securityContext: object;
  readonly automountServiceAccountToken: boolean;
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: Selector }[];
  readonly volumes?: readonly (Named & {
    readonly secret?: { readonly secretName: string };
    readonly configMap?: Named;
  })[];
};
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Named & { readonly labels: Labels; readonly annotations?: Labels };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: Selector | Labels;
    readonly podSelector?: Selector;
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
    readonly volumeClaimTemplates?: readonly { readonly metadata: Named }[];
    readonly [field: string]: unknown;
  };
};

export type HelmAnswer = { readonly good: boolean; readonly out: string; readonly err: string };

export function helm(...args: readonly string[]): HelmAnswer {
  const { status, stdout, stderr } = spawnSync(findBinary('helm', 'helm/bin'), args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { good: status === 0, out: stdout, err: stderr };
}

/** What `helm install` would make with these values. */
export function render(values: object, from = chart): readonly Manifest[] {
  const given = Object.entries(values).map(([name, value]) => `--set-json=${name}=${JSON.stringify(value)}`);
  const { good, out, err } = helm('template', 'db', from, '--namespace', 'store', ...given);
  if (!good) throw new Error(err);
  return parseAllDocuments(out)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** Every pod that they lead to, by its component. */
export function podsOf(
  manifests: readonly Manifest[],
): Map<string, { labels: Labels; spec: PodSpec; owner: Manifest }> {
  const owners = manifests.filter(({ kind, spec }) => kind === 'Pod' || spec?.template !== undefined);
  return new Map(
    owners.map((owner) => {
      const labels = owner.spec.template?.metadata.labels ?? owner.metadata.labels;
      const spec = owner.spec.template?.spec ?? (owner.spec as unknown as PodSpec);
      return [labels['app.kubernetes.io/component'] ?? '', { labels, spec, owner }];
    }),
  );
}

export function fileOf(path: string): string {
  return readFileSync(resolve(root, path), 'utf8');
}
