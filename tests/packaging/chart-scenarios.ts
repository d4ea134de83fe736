import { render, type Manifest } from './chart.ts';

/** What people install: as it comes; with everything; with certificates of their own; as little as goes. */
export const SCENARIOS: Readonly<Record<string, object>> = {
  plain: {},
  full: {
    tls: { enabled: true, certManager: { issuerRef: { name: 'ca', kind: 'ClusterIssuer' } }, calloutSecret: 'callout' },
    metrics: {
      serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
      prometheusRule: { enabled: true },
      dashboards: { enabled: true },
      keySecret: { name: 'scraper' },
    },
    ingress: { enabled: true, className: 'nginx', tlsSecret: 'public' },
    tracing: { endpoint: 'http://otel-collector.monitoring:4318' },
    networkPolicy: { gatewayFrom: [{ namespaceSelector: {} }], producersFrom: [{ podSelector: {} }] },
    gateway: {
      firstKeySecret: 'first-key',
      httpsSecret: 'public',
      env: { VECTORIZER_CORS_ORIGINS: 'https://app.example' },
    },
    index: { persistence: { storageClass: 'fast' } },
    env: { VECTORIZER_SLOW_QUERY_MS: 50 },
    image: { pullSecrets: ['registry'] },
    priorityClassName: 'database',
    tolerations: [{ key: 'database', operator: 'Exists' }],
    nodeSelector: { disk: 'nvme' },
  },
  'own certificates': {
    tls: {
      enabled: true,
      certManager: { enabled: false },
      existingSecrets: Object.fromEntries(
        ['gateway', 'ingest', 'query', 'index', 'monitor', 'nats', 'routes', 'redis', 'operator', 'revoker'].map(
          (name) => [name, `own-${name}`],
        ),
      ),
      calloutSecret: 'own-callout',
    },
    redis: { existingSecret: 'own-redis-users' },
  },
  little: {
    nats: { replicas: 1 },
    redis: { enabled: false },
    networkPolicy: { enabled: false },
    podDisruptionBudget: { enabled: false },
    topologySpread: [],
    fullnameOverride: 'vz',
  },
};
export const names = Object.keys(SCENARIOS);
export const SERVICES = ['gateway', 'ingest', 'query', 'replication-monitor', 'index'];

/** What each scenario comes to. */
export class Rendered {
  readonly #manifests = new Map(names.map((name) => [name, render(SCENARIOS[name] ?? {})]));

  of(name: string): readonly Manifest[] {
    return this.#manifests.get(name) ?? [];
  }

  ofKind(name: string, kind: string): readonly Manifest[] {
    return this.of(name).filter((each) => each.kind === kind);
  }
}
