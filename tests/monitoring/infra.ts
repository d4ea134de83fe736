import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TlsFiles } from '@vectorizer/cluster';

/** What infra/ gives Prometheus and Grafana, as tests look at it. */
export const root = resolve(import.meta.dirname, '../..');
export const prometheusDirectory = resolve(root, 'infra/prometheus');
const dashboards = resolve(root, 'infra/grafana/dashboards');

export type Rule = { readonly name: string; readonly kind: 'alert' | 'record'; readonly expr: string };
export type Query = { readonly where: string; readonly expr: string };

/** The rules of both files, by the layout that prettier gives them. */
export function rules(): readonly Rule[] {
  return ['alerts.yml', 'recording.yml'].flatMap((file) => {
    const text = readFileSync(resolve(prometheusDirectory, 'rules', file), 'utf8');
    return text
      .split(/^ {6}- (?=alert: |record: )/m)
      .slice(1)
      .map((rule): Rule => {
        const [, kind = '', name = ''] = /^(alert|record): (\S+)/.exec(rule) ?? [];
        const block = /^ {8}expr: \|\n((?: {10}.*\n)+)/m.exec(rule)?.[1];
        const line = /^ {8}expr: (.+)$/m.exec(rule)?.[1];
        return { kind: kind as Rule['kind'], name, expr: (block ?? line ?? '').replaceAll(/\s+/g, ' ').trim() };
      });
  });
}

/** What a rule compares, without the comparison, which is empty while nothing is wrong. */
export function compared(expr: string): string {
  return expr.replaceAll(/\s[<>]\s[\d.e]+/g, '');
}

type Panel = {
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr: string }[];
};
export type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: { readonly query: string } }[] };
};

export function allDashboards(): readonly Dashboard[] {
  return readdirSync(dashboards).map(
    (file) => JSON.parse(readFileSync(resolve(dashboards, file), 'utf8')) as Dashboard,
  );
}

/**
 * Every query of every panel, with the variables filled in as Grafana does when all is selected, and what the variables' values
 * are found by, as a query.
 */
export function panelQueries(job: string): readonly Query[] {
  const filled = (expr: string): string =>
    expr
      .replaceAll('$__rate_interval', '30s')
      .replaceAll(/\$(collection|instance)\b/g, '.*')
      .replaceAll('$job', job);
  return allDashboards().flatMap(({ title, panels, templating }) => [
    ...panels.flatMap((panel) =>
      panel.targets.map(({ expr }) => ({ where: `${title} of ${job}: ${panel.title}`, expr: filled(expr) })),
    ),
    ...templating.list.map(({ query: { query } }) => {
      const [, series, label] = /^label_values\((.+), *(\w+)\)$/.exec(query) ?? [];
      if (series === undefined) throw new Error(`not understood: ${query}`);
      return { where: `${title} of ${job}: $${label}`, expr: filled(`count by (${label}) (${series})`) };
    }),
  ]);
}

/** How Prometheus is let in where everything is encrypted and knows its callers. */
export type Scraper = { readonly tls: TlsFiles; readonly apiKeyFile: string };

/** The shipped configuration, for processes that are elsewhere than containers would be, asked every second. */
export function configFor(targets: Readonly<Record<string, readonly string[]>>, scraper?: Scraper): string {
  const shipped = scraper === undefined ? read('prometheus.yml') : encrypted(read('prometheus-tls.yml'), scraper);
  const found = new Set<string>();
  const config = shipped
    .replaceAll(/dns_sd_configs: \[\{ names: \[([\w-]+)\], type: A, port: 15002 \}\]/g, (_, service: string) => {
      found.add(service);
      return `static_configs: [{ targets: ${JSON.stringify(targets[service] ?? [])} }]`;
    })
    .replaceAll(/_interval: 15s/g, '_interval: 1s');
  const missing = Object.keys(targets).filter((service) => !found.has(service));
  if (missing.length > 0) throw new Error(`the configuration scrapes no ${missing.join(', ')}`);
  return config;
}

function read(file: string): string {
  return readFileSync(resolve(prometheusDirectory, file), 'utf8');
}

/** With the files where they are here, and, as docs/SECURITY.md has it, the key that metrics take. */
function encrypted(shipped: string, { tls, apiKeyFile }: Scraper): string {
  return shipped
    .replace('/run/secrets/ca', tls.caFile)
    .replace('/run/secrets/operator-certificate', tls.certFile)
    .replace('/run/secrets/operator-key', tls.keyFile)
    .replaceAll('scheme: https', `scheme: https\n    authorization: { credentials_file: ${apiKeyFile} }`);
}
