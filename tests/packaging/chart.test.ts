import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from '@vectorizer/testing';
import { parse } from 'yaml';
import { chart, fileOf, helm, podsOf, render, type Manifest } from './chart.ts';
import { names, Rendered, SCENARIOS, SERVICES } from './chart-scenarios.ts';
import { readImage } from './dockerfile.ts';
import { typeErrors } from './manifest-types.ts';
import { settingProblems } from './settings.ts';

let directory: TemporaryDirectory;
let rendered: Rendered;
const of = (name: string): readonly Manifest[] => rendered.of(name);
const ofKind = (name: string, kind: string): readonly Manifest[] => rendered.ofKind(name, kind);

function refused(value: string): string {
  const { good, err } = helm('template', 'db', chart, `--set=${value}`);
  return good ? 'taken' : err;
}

/** Any, for what is to be found wrong. */
function deployment(): Manifest {
  const [first] = ofKind('plain', 'Deployment');
  if (first === undefined) throw new Error('there is none');
  return first;
}

beforeAll(async () => {
  directory = await temporaryDirectory();
  rendered = new Rendered();
});

afterAll(async () => directory[Symbol.asyncDispose]());

describe('the chart', () => {
  it('has nothing that helm objects to', () => {
    const { good, out, err } = helm('lint', '--strict', chart);
    expect([good, good ? '' : `${out}${err}`]).toEqual([true, '']);
  });

  it('makes objects that the schemas of Kubernetes allow', () => {
    const bad = { ...deployment(), spec: { ...deployment().spec, replicas: 'two' } };
    const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'manifest-schemas.child.ts')], {
      input: JSON.stringify([...names.flatMap(of), bad]),
      encoding: 'utf8',
      maxBuffer: 16 * 1024 * 1024,
    });
    expect([stdout.trim().split('\n'), stderr]).toEqual([[expect.stringMatching(/^Deployment .*replicas/)], '']);
  });

  it('gives them no field that Kubernetes does not know', () => {
    const bad = { ...deployment(), spec: { ...deployment().spec, replicaz: 2 } };
    const errors = typeErrors([...names.flatMap(of), bad], directory.path).match(/.*error TS.*/g);
    expect(errors).toEqual([expect.stringMatching(/replicaz.* does not exist/)]);
  });

  it('refuses values that it does not know, and those that do not go together', () => {
    expect(refused('gatway.replicas=3')).toContain("additional properties 'gatway' not allowed");
    expect(refused('nats.replicas=2')).toContain('/nats/replicas');
    expect(refused('tls.enabled=true')).toContain('tls.certManager.issuerRef.name is needed');
    expect(refused('gateway.httpsSecret=public')).toContain('needs tls.enabled');
    expect(refused('tls.calloutSecret=callout')).toContain('needs tls.enabled');
    expect(refused('env.VECTORIZER_NATS_URL=nats://elsewhere')).toContain(
      "VECTORIZER_NATS_URL is the chart's to decide",
    );
  });

  it('is the same when it has been packaged, with the files that it links to', () => {
    expect(helm('package', chart, '--destination', directory.path).good).toBe(true);
    const { version } = parse(fileOf('infra/helm/vectorizer/Chart.yaml')) as { readonly version: string };
    const from = join(directory.path, `vectorizer-${version}.tgz`);
    // Without what is random, which is Redis' passwords.
    const values = { ...SCENARIOS['full'], redis: { enabled: false } };
    expect(render(values, from)).toEqual(render(values));
  });

  it('names the version of the repository, for itself and for the image', () => {
    const { version } = JSON.parse(fileOf('package.json')) as { readonly version: string };
    expect(parse(fileOf('infra/helm/vectorizer/Chart.yaml'))).toMatchObject({ version, appVersion: version });
    expect(podsOf(of('plain')).get('gateway')?.spec.containers[0]?.image).toBe(`vectorizer:${version}`);
  });
});

describe('its pods', () => {
  it.each(names)('may do no more than they need: %s', (name) => {
    const pods = [...podsOf(of(name))];
    expect(pods.length).toBeGreaterThanOrEqual(name === 'little' ? 7 : 8);
    for (const [component, { spec }] of pods) {
      expect([component, spec]).toEqual([
        component,
        expect.objectContaining({
          automountServiceAccountToken: false,
          // Else Kubernetes adds variables that look like settings.
          enableServiceLinks: false,
          securityContext: expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }),
        }),
      ]);
      for (const { securityContext, resources } of spec.containers) {
        const closed = {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        };
        expect([component, securityContext]).toEqual([component, closed]);
        expect([component, resources.limits?.memory]).toEqual([component, expect.stringMatching(/^\d+[MG]i$/)]);
      }
    }
  });

  it.each(names)('start roles of the image, with settings with which they start: %s', (name) => {
    const pods = podsOf(of(name));
    for (const component of SERVICES) {
      const [container] = pods.get(component)?.spec.containers ?? [];
      const given = (container?.env ?? []).map((each): [string, string] => [each.name, each.value ?? '']);
      expect([component, new Set(given.map(([variable]) => variable)).size]).toEqual([component, given.length]);
      const environment = { ...readImage().environment, ...Object.fromEntries(given) };
      expect([container?.args, settingProblems(component, environment)]).toEqual([[component], []]);
    }
    expect(pods.get('test')?.spec.containers[0]?.args).toEqual(['health', 'ready']);
  });

  it.each(names)('are asked whether they live at the port and by the scheme of the service: %s', (name) => {
    const scheme = JSON.stringify(SCENARIOS[name]).includes('"enabled":true,"certManager"') ? 'HTTPS' : 'HTTP';
    const pods = podsOf(of(name));
    for (const component of SERVICES) {
      const [container] = pods.get(component)?.spec.containers ?? [];
      const at = (path: string): object => ({ httpGet: { path, port: 15_002, scheme } });
      expect([component, container]).toEqual([
        component,
        expect.objectContaining({
          startupProbe: expect.objectContaining(at('/health/live')),
          livenessProbe: expect.objectContaining(at('/health/live')),
          readinessProbe: expect.objectContaining(at('/health/ready')),
        }),
      ]);
    }
    const [nats] = pods.get('nats')?.spec.containers ?? [];
    expect(nats?.readinessProbe?.httpGet).toEqual({ path: '/healthz', port: 8_222, scheme });
  });

  it.each(names)('mount secrets and configurations that are there, or were named: %s', (name) => {
    const given = new Set(JSON.stringify(SCENARIOS[name]).match(/[\w-]+/g));
    const made = of(name).flatMap((each) => [each.metadata.name, each.spec?.['secretName']]);
    for (const [component, { spec, owner }] of podsOf(of(name))) {
      for (const { secret, configMap } of spec.volumes ?? []) {
        const wanted = secret?.secretName ?? configMap?.name;
        const isThere = wanted === undefined || made.includes(wanted) || given.has(wanted);
        expect([component, wanted, isThere]).toEqual([component, wanted, true]);
      }
      const volumes = [
        ...(spec.volumes ?? []),
        ...(owner.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata),
      ];
      const mounts = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((mount) => mount.name));
      expect(mounts.toSorted()).toEqual(volumes.map((volume) => volume.name).toSorted());
    }
  });
});
