/**
 * Holds the manifests that standard input brings, as a JSON list, to Kubernetes' JSON Schemas, and prints what they say. A process of
 * its own, as jest would take seconds to load them.
 */
import { text } from 'node:stream/consumers';

type Manifest = { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string } };
type Model = new (manifest: Manifest) => { validate(): void };

const CUSTOM: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator/',
  'cert-manager.io': '@kubernetes-models/cert-manager/',
};

for (const manifest of JSON.parse(await text(process.stdin)) as readonly Manifest[]) {
  const { apiVersion, kind, metadata } = manifest;
  const from = CUSTOM[apiVersion.split('/')[0] ?? ''] ?? 'kubernetes-models/';
  const models = (await import(`${from}${apiVersion}`)) as Readonly<Record<string, Model>>;
  const model = models[kind];
  if (model === undefined) throw new Error(`there is no ${kind} in ${apiVersion}`);
  try {
    new model(manifest).validate();
  } catch (error) {
    process.stdout.write(`${kind} ${metadata.name}: ${String(error)}\n`);
  }
}
