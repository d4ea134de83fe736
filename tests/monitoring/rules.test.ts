import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { findBinary } from '@vectorizer/testing';
import { allDashboards, prometheusDirectory, root, rules } from './infra.ts';

const promtool = (...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync(findBinary('promtool', 'prometheus/bin'), args, {
    cwd: prometheusDirectory,
    encoding: 'utf8',
  });
  return status === 0 ? 'good' : `${stdout}${stderr}`;
};

describe('the rules', () => {
  it('are understood by Prometheus, and so is the scrape configuration', () => {
    expect(promtool('check', 'config', 'prometheus.yml')).toBe('good');
    // Without a look at the certificates that it names, which are in a container.
    expect(promtool('check', 'config', '--syntax-only', 'prometheus-tls.yml')).toBe('good');
  });

  it('fire and stay silent as their tests say', () => {
    expect(promtool('test', 'rules', 'tests/alerts.test.yml')).toBe('good');
  });

  it('are each tested both firing and silent', () => {
    const tests = readFileSync(resolve(prometheusDirectory, 'tests/alerts.test.yml'), 'utf8').split(/^ {2}- name: /m);
    const tried = (name: string, silent: boolean): boolean =>
      tests.some((test) => test.includes(`alertname: ${name}\n`) && test.includes('exp_alerts: []') === silent);
    const alerts = rules().filter(({ kind }) => kind === 'alert');
    expect(alerts.length).toBeGreaterThan(15);
    for (const { name } of alerts) expect([name, tried(name, false), tried(name, true)]).toEqual([name, true, true]);
  });

  it('name a section of the guide that exists', () => {
    const text = readFileSync(resolve(prometheusDirectory, 'rules/alerts.yml'), 'utf8');
    const named = [...text.matchAll(/runbook: docs\/MONITORING\.md#(\S+)/g)].map(([, anchor]) => anchor);
    const guide = readFileSync(resolve(root, 'docs/MONITORING.md'), 'utf8');
    const sections = [...guide.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(named.length).toBe(rules().filter(({ kind }) => kind === 'alert').length);
    expect(named.filter((anchor) => !sections.includes(anchor ?? ''))).toEqual([]);
  });
});

describe('the dashboards', () => {
  it('are what is provisioned: each with an id of its own, and panels that ask the provisioned source', () => {
    const dashboards = allDashboards();
    expect(dashboards.map(({ uid }) => uid).toSorted()).toEqual(
      ['ingest', 'overview', 'replication', 'search', 'service'].map((name) => `vectorizer-${name}`),
    );
    const source = readFileSync(resolve(root, 'infra/grafana/provisioning/datasources/datasources.yml'), 'utf8');
    for (const { panels, uid } of dashboards) {
      expect([uid, panels.length]).toEqual([uid, expect.any(Number)]);
      for (const { datasource, title } of panels)
        expect([title, source]).toEqual([title, expect.stringContaining(`uid: ${datasource.uid}\n`)]);
    }
  });
});

it('docs/METRICS.md has every metric that the sources declare', () => {
  const declared = execFileSync(
    'git',
    ['grep', '-hoE', "name: 'vectorizer_[a-z_]+'", '--', 'apps/*.ts', 'packages/*.ts'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  const names = [...new Set(declared.match(/vectorizer_\w+/g))];
  const guide = readFileSync(resolve(root, 'docs/METRICS.md'), 'utf8');
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !guide.includes(`\n| \`${name}\` |`))).toEqual([]);
});
