import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findBinary, temporaryDirectory } from '@vectorizer/testing';
import { parse } from 'yaml';
import { fileOf, podsOf, type Labels, type Manifest } from './chart.ts';
import { names, Rendered, SERVICES } from './chart-scenarios.ts';
import { root } from './dockerfile.ts';

const rendered = new Rendered();
const of = (name: string): readonly Manifest[] => rendered.of(name);
const ofKind = (name: string, kind: string): readonly Manifest[] => rendered.ofKind(name, kind);

const fits = (labels: Labels, selector: Labels): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

/** Whom the rules of a policy name. */
function componentsIn(rules: unknown): string[] {
  const found = JSON.stringify(rules ?? []).matchAll(/"app\.kubernetes\.io\/component":"([\w-]+)"/g);
  return [...found].map(([, name = '']) => name);
}

describe('what surrounds them', () => {
  it.each(names)('selects pods that there are: %s', (name) => {
    const pods = [...podsOf(of(name)).values()];
    const selecting = of(name).filter(({ kind }) => /Service$|Budget|NetworkPolicy|Deployment|StatefulSet/.test(kind));
    for (const { kind, metadata, spec } of selecting) {
      const selector = spec.podSelector ?? spec.selector ?? {};
      const labels = ('matchLabels' in selector ? selector.matchLabels : selector) as Labels;
      const found = pods
        .filter((pod) => fits(pod.labels, labels))
        .map((pod) => pod.labels['app.kubernetes.io/component']);
      expect([kind, metadata.name, found]).toEqual([
        kind,
        metadata.name,
        [metadata.labels['app.kubernetes.io/component']],
      ]);
    }
  });

  it('lets services speak to the log server alone, and gateways and queries to Redis', () => {
    const policies = ofKind('plain', 'NetworkPolicy');
    const may = Object.fromEntries(
      policies.map(({ metadata, spec }) => [
        metadata.labels['app.kubernetes.io/component'],
        { from: componentsIn(spec['ingress']), to: componentsIn(spec['egress']) },
      ]),
    );
    expect(may).toEqual({
      gateway: { from: [], to: ['nats', 'redis'] },
      ingest: { from: [], to: ['nats'] },
      query: { from: [], to: ['nats', 'redis'] },
      'replication-monitor': { from: [], to: ['nats'] },
      index: { from: [], to: ['nats'] },
      nats: { from: [...SERVICES, 'nats'], to: ['nats'] },
      redis: { from: ['gateway', 'query'], to: [] },
    });
  });

  it('has every service scraped as the job that rules and dashboards know, with a certificate and a key', () => {
    const monitors = ofKind('full', 'ServiceMonitor');
    expect(monitors.map(({ metadata }) => metadata.labels['app.kubernetes.io/component'])).toEqual(
      expect.arrayContaining(SERVICES),
    );
    const services = ofKind('full', 'Service');
    for (const { spec } of monitors) {
      const selected = services.filter(({ metadata }) =>
        fits(metadata.labels, (spec.selector as { matchLabels: Labels }).matchLabels),
      );
      expect(selected).toHaveLength(1);
      const [endpoint] = spec['endpoints'] as readonly { readonly port: string }[];
      expect(selected[0]?.spec['ports']).toMatchObject([{ name: endpoint?.port }]);
      expect(endpoint).toMatchObject({ scheme: 'https', authorization: { credentials: { name: 'scraper' } } });
      expect(spec['jobLabel']).toBe('app.kubernetes.io/component');
    }
    const open = podsOf(of('full'))
      .get('index')
      ?.spec.containers[0]?.env?.map(({ name }) => name);
    expect(open).not.toContain('VECTORIZER_OPEN_METRICS');
  });

  it('has the very rules, dashboards and configurations of infra/', () => {
    const rules = Object.fromEntries(
      ofKind('full', 'PrometheusRule').map(({ metadata, spec }) => [metadata.name, spec]),
    );
    expect(rules).toEqual({
      'db-vectorizer-alerts': parse(fileOf('infra/prometheus/rules/alerts.yml')),
      'db-vectorizer-recording': parse(fileOf('infra/prometheus/rules/recording.yml')),
    });
    const maps = new Map(ofKind('full', 'ConfigMap').map(({ metadata, data }) => [metadata.name, data]));
    for (const [map, folder] of [
      ['dashboards', 'grafana/dashboards'],
      ['nats', 'nats'],
      ['redis', 'redis'],
    ] as const) {
      const files = readdirSync(join(root, 'infra', folder)).filter((file) => /\.(json|conf)$/.test(file));
      expect(files.length).toBeGreaterThan(0);
      const wanted = Object.fromEntries(files.map((file) => [file, fileOf(`infra/${folder}/${file}`)]));
      expect(maps.get(`db-vectorizer-${map}`)).toEqual(wanted);
    }
  });

  it('asks for certificates by whose names the log server knows services, and for the names that they are reached at', () => {
    const certificates = ofKind('full', 'Certificate').map(
      ({ spec }) => spec as { commonName: string; dnsNames?: string[]; issuerRef: { name: string } },
    );
    const users = `${fileOf('infra/nats/users.conf')}${fileOf('infra/nats/nats-keys.conf')}`;
    const known = [...users.matchAll(/user: "CN=([\w-]+)"/g)].map(([, name = '']) => name);
    const asked = certificates.map(({ commonName }) => commonName);
    const others = ['db-vectorizer-routes-ca', 'nats', 'redis', 'routes'];
    expect(asked.filter((name) => !known.includes(name)).toSorted()).toEqual(others);
    // Whoever else had a certificate of that authority could join the log servers.
    const joining = certificates.filter(({ issuerRef }) => issuerRef.name === 'db-vectorizer-routes');
    expect(joining.map(({ commonName }) => commonName)).toEqual(['routes']);
    const [container] = podsOf(of('full')).get('gateway')?.spec.containers ?? [];
    const urls = (container?.env ?? [])
      .filter(({ name }) => name.endsWith('_URL'))
      .flatMap(({ value = '' }) => value.split(','));
    const covered = certificates.flatMap(({ dnsNames = [] }) => dnsNames);
    expect(urls).toHaveLength(7);
    expect(urls.map((url) => new URL(url).hostname).filter((host) => !covered.includes(host))).toEqual([]);
  });

  it('gives Redis the users that `certs init` makes, with the passwords that their services are given', () => {
    const [secret] = ofKind('plain', 'Secret').map(({ stringData = {} }) => stringData);
    for (const user of ['gateway', 'query']) {
      const password = secret?.[`redis-${user}.secret`] ?? '';
      const hash = execFileSync('sha256sum', { input: password, encoding: 'utf8' }).slice(0, 64);
      expect(secret?.['redis.acl']).toContain(`user ${user} on #${hash} `);
      expect(fileOf('apps/cli/src/certs/certificates.ts')).toContain(
        `${user}: '${/~\S+(?= \+@all)/.exec(secret?.['redis.acl']?.split(`user ${user} `)[1] ?? '')?.[0] ?? '?'}'`,
      );
    }
  });

  it('starts log servers with arguments that they take', async () => {
    await using directory = await temporaryDirectory();
    const [container] = podsOf(of('plain')).get('nats')?.spec.containers ?? [];
    const environment = Object.fromEntries((container?.env ?? []).map(({ name, value = 'nats-0' }) => [name, value]));
    const inside: Readonly<Record<string, string>> = {
      '/etc/nats': join(root, 'infra/nats'),
      '/run/nats': directory.path,
      '$(POD_NAME)': 'nats-0',
    };
    const args = (container?.args ?? []).map((each) =>
      Object.entries(inside).reduce((text, [from, to]) => text.replace(from, to), each),
    );
    const { status, stderr } = spawnSync(findBinary('nats-server', 'nats'), [...args, '-t'], {
      encoding: 'utf8',
      env: { ...environment, VECTORIZER_NATS_STORE: JSON.stringify(directory.path) },
    });
    expect([status, stderr]).toEqual([0, expect.stringContaining('is valid')]);
    const { replicas } = podsOf(of('plain')).get('nats')?.owner.spec ?? {};
    expect(args.find((each) => each.startsWith('--routes'))?.split(',')).toHaveLength(replicas ?? 0);
  });

  it('has a test that asks a gateway through its service', () => {
    const [test] = ofKind('full', 'Pod');
    expect(test?.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'test' });
    const settings = Object.fromEntries(
      (podsOf(of('full')).get('test')?.spec.containers[0]?.env ?? []).map(({ name, value }) => [name, value]),
    );
    const gateway = ofKind('full', 'Service').find(({ metadata }) => metadata.name === settings['VECTORIZER_HOST']);
    expect(gateway?.spec['ports']).toMatchObject([{ port: Number(settings['VECTORIZER_PORT']) }]);
  });
});
