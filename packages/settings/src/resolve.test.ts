import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '@vectorizer/testing';
import { lineOf, readSettings } from './read-settings.ts';
import { resolveSettings, type Resolved } from './resolve.ts';
import type { Service } from './setting.ts';
import { showSettings } from './show.ts';
import { fromFlags } from './sources/flags.ts';
import { isReadBy, settingNames } from './table/table.ts';

type Said = {
  readonly yaml?: string;
  readonly environment?: Record<string, string>;
  readonly flags?: readonly string[];
  readonly service?: Service;
};

async function resolveWith({ yaml, environment = {}, flags = [], service = 'query' }: Said): Promise<Resolved> {
  await using directory = await temporaryDirectory();
  const file = yaml === undefined ? undefined : join(directory.path, 'settings.yaml');
  if (file !== undefined) await writeFile(file, yaml ?? '');
  const resolved = resolveSettings(service, { file, environment, flags: fromFlags(flags) });
  const problems = resolved.problems.map(({ at, reason }) => ({ at: at.replace(`${directory.path}/`, ''), reason }));
  return { ...resolved, problems };
}

async function problemsOf(said: Said): Promise<string[]> {
  return (await resolveWith(said)).problems.map(lineOf);
}

async function withProxies(text: string): Promise<Resolved> {
  return resolveWith({ environment: { VECTORIZER_TRUSTED_PROXIES: text } });
}

describe('the settings of a service', () => {
  it('have a default for everything that need not be said', async () => {
    const { values, problems } = await resolveWith({});
    expect(problems).toEqual([]);
    expect(values).toMatchObject({ port: 15_012, nats_url: ['nats://127.0.0.1:4222'], cache_bytes: 67_108_864 });
    expect((await resolveWith({ service: 'gateway' })).values.port).toBe(15_002);
    expect(await problemsOf({ service: 'index' })).toEqual(['data: is needed by index']);
  });

  it('count by flag, then environment, then its part of the file, then the file', async () => {
    const yaml = [
      'cache: { bytes: 1, ttl_s: 1, redis_ms: 1, warm_up: 1 }',
      'query:',
      '  cache_ttl_s: 2',
      '  cache: { redis_ms: 2, warm_up: 2 }',
      'standalone: { cache_bytes: 9 }',
    ].join('\n');
    const environment = { VECTORIZER_CACHE_REDIS_MS: '3', VECTORIZER_CACHE_WARM_UP: '3', VECTORIZER_CACHE_BYTES: '' };
    const { values, problems } = await resolveWith({ yaml, environment, flags: ['--cache-warm-up=4'] });
    expect(problems).toEqual([]);
    expect(values).toMatchObject({ cache_bytes: 1, cache_ttl_s: 2, cache_redis_ms: 3, cache_warm_up: 4 });
  });

  it('are named wrongly with a suggestion, wherever that is, all at once and each with its place', async () => {
    const yaml = 'log_level: info\nchache:\n  bytes: 0\ncache:\n  byte: 0\nquerry: {}\nxyzzy: 1\n';
    const environment = { VECTORIZER_CACHE_BYTE: '0', VECTORIZER_XYZZY: '1', VECTORIZER_REDIS_PASSWRD_FILE: '/x' };
    expect(await problemsOf({ yaml, environment, flags: ['--prot', '1', 'stray', '--metrics=off', '--port'] })).toEqual(
      [
        'settings.yaml:2: no setting is named chache; did you mean cache?',
        'settings.yaml:5: no setting is named cache_byte; did you mean cache_bytes?',
        'settings.yaml:6: no setting is named querry; did you mean query?',
        'settings.yaml:7: no setting is named xyzzy',
        'VECTORIZER_CACHE_BYTE: no variable has this name; did you mean VECTORIZER_CACHE_BYTES?',
        'VECTORIZER_XYZZY: no variable has this name',
        'VECTORIZER_REDIS_PASSWRD_FILE: no variable has this name; did you mean VECTORIZER_REDIS_PASSWORD_FILE?',
        '--prot: no flag has this name; did you mean --port?',
        'stray: expected flags such as --port 15002',
        '--metrics: can only be set in the environment, as VECTORIZER_METRICS',
        '--port: needs a value',
      ],
    );
  });

  it('are refused with what was expected and what was given', async () => {
    const yaml = 'port: high\ncors_origins: [https://a.example, "*"]\nrate_tiers: { gold: { read: 1 } }\nhost: [a]\n';
    const environment = { VECTORIZER_LOG_LEVEL: 'loud', VECTORIZER_NATS_URL: 'nats://me:secret@nats:4222' };
    const problems = await problemsOf({ yaml, environment, flags: ['--cache-bytes', '1.5'] });
    expect(problems.join()).not.toContain('secret');
    expect(problems).toEqual([
      'settings.yaml:4: host: expected an address to listen on',
      'settings.yaml:1: port: expected a whole number, 0 to 65535, not "high"',
      'settings.yaml:2: cors_origins: expected origins such as `https://app.example`, separated by commas, not "https://a.example,*"',
      expect.stringMatching(/^settings.yaml:3: rate_tiers: expected tiers by their names.*; gold.read: /),
      'VECTORIZER_LOG_LEVEL: log_level: expected `fatal`, `error`, `warn`, `info`, `debug`, `trace`, `silent`, not "loud"',
      expect.stringMatching(/^VECTORIZER_NATS_URL: nats_url: expected addresses .* without user or password/),
      '--cache-bytes: cache_bytes: expected a whole number of bytes, 0 to 68719476736, not "1.5"',
    ]);
  });

  it('take as proxies addresses and networks, and nothing else', async () => {
    const good = ['10.0.0.7', '192.168.0.0/16', 'fd00::/8', '::1'];
    expect((await withProxies(good.join(', '))).values.trusted_proxies).toEqual(good);
    for (const bad of [
      'proxy',
      '*',
      '10.0.0.0/33',
      '10.0.0.0/0',
      '::/0',
      '10.0.0.0/8/8',
      '10.0.0.1,',
      '10.0.0.0/',
      '1',
    ]) {
      expect((await withProxies(bad)).problems).toMatchObject([{ at: 'VECTORIZER_TRUSTED_PROXIES' }]);
    }
  });

  it('stand where they are read', async () => {
    const yaml =
      'gateway: { cache_bytes: 1 }\nmetrics: off\nlog_level: info\nlog: { level: debug }\nindex: { gpu: fast }\n';
    expect(await problemsOf({ yaml })).toEqual([
      'settings.yaml:1: gateway does not read cache_bytes; query and standalone do',
      'settings.yaml:2: metrics can only be set in the environment, since it is read before this file',
      'settings.yaml:4: log_level was set already',
      'settings.yaml:5: gpu: expected `auto`, `off`, `software`, not "fast"',
    ]);
    expect(await problemsOf({ yaml: 'log_level: [' })).toEqual([expect.stringMatching(/^settings.yaml:1: /)]);
    expect(await problemsOf({ yaml: 'log_level: info\nlog_level: debug' })).toEqual([
      'settings.yaml:2: Map keys must be unique',
    ]);
    expect(await problemsOf({ yaml: '# nothing\ncache:\n' })).toEqual([]);
    expect(await problemsOf({ environment: { VECTORIZER_CONFIG: '/nowhere.yaml' } })).toEqual([
      expect.stringMatching(/^\/nowhere.yaml: cannot be read: ENOENT/),
    ]);
  });

  it('fit each other', async () => {
    const environment = {
      VECTORIZER_TLS_CERT_FILE: 'query.crt',
      VECTORIZER_HTTPS_KEY_FILE: 'public.key',
      VECTORIZER_JWT_ROLE_MAP: '{}',
    };
    expect(await problemsOf({ environment, service: 'gateway' })).toEqual([
      'tls_ca_file: tls_ca_file is needed with tls_cert_file',
      'tls_key_file: tls_key_file is needed with tls_cert_file',
      'https_cert_file: https_cert_file is needed with https_key_file',
      'jwt_issuer: jwt_issuer is needed with what is said of its tokens',
    ]);
    const slow = { VECTORIZER_DATA: '/data', VECTORIZER_HEARTBEAT_MS: '10000' };
    const after = (ms: string): Record<string, string> => ({ ...slow, VECTORIZER_DISCONNECTED_AFTER_MS: ms });
    expect(await problemsOf({ environment: after('20000'), service: 'index' })).toEqual([]);
    expect(await problemsOf({ environment: after('19999'), service: 'index' })).toEqual([
      'VECTORIZER_DISCONNECTED_AFTER_MS: disconnected_after_ms (19999) must be at least twice heartbeat_ms (10000)',
    ]);
  });

  it('pass over what Kubernetes sets for a service of this name', async () => {
    const environment = {
      VECTORIZER_PORT: 'tcp://10.0.0.1:15002',
      VECTORIZER_SERVICE_HOST: '10.0.0.1',
      VECTORIZER_GATEWAY_SERVICE_PORT_HTTP: '15002',
      VECTORIZER_GATEWAY_PORT_15002_TCP_ADDR: '10.0.0.1',
    };
    const { values, problems } = await resolveWith({ environment });
    expect(problems).toEqual([]);
    expect(values.port).toBe(15_012);
  });

  it('mean the paths in a file from where it lies', async () => {
    const { values } = await resolveWith({ yaml: 'data: ./here\ntls: { ca_file: /etc/ca.crt }' });
    expect(values.data).toMatch(/^\/.*\/here$/);
    expect(values.tls_ca_file).toBe('/etc/ca.crt');
  });
});

describe('a secret', () => {
  it('is read from its file, never from a flag, and not from two places', async () => {
    await using directory = await temporaryDirectory();
    const file = join(directory.path, 'password');
    await writeFile(file, 'hush\n');
    const inFile = { VECTORIZER_REDIS_PASSWORD_FILE: file };
    expect((await resolveWith({ environment: inFile })).values.redis_password).toBe('hush');
    expect((await resolveWith({ yaml: `redis: { password_file: ${file} }` })).values.redis_password).toBe('hush');
    expect((await resolveWith({ flags: ['--redis-password-file', file] })).values.redis_password).toBe('hush');
    expect(await problemsOf({ flags: ['--redis-password', 'hush', '--redis-pasword-file', 'hush'] })).toEqual([
      '--redis-password: flags can be seen by everybody on the machine; use --redis-password-file',
      '--redis-pasword-file: no flag has this name; did you mean --redis-password-file?',
    ]);
    expect(await problemsOf({ environment: { ...inFile, VECTORIZER_REDIS_PASSWORD: 'hush' } })).toEqual([
      'VECTORIZER_REDIS_PASSWORD_FILE: redis_password is set beside this, and only one of them can be',
    ]);
    expect(await problemsOf({ environment: { VECTORIZER_REDIS_URL_FILE: directory.path } })).toEqual([
      expect.stringMatching(/^VECTORIZER_REDIS_URL_FILE: redis_url: .* cannot be read: EISDIR/),
    ]);
  });

  it('is in no message and in nothing that is shown', async () => {
    const secret = { VECTORIZER_REDIS_URL: 'http://me:hush@redis', VECTORIZER_REDIS_PASSWORD: ' hush ' };
    expect((await problemsOf({ environment: secret })).join('\n')).not.toContain('hush');
    const good = { ...secret, VECTORIZER_REDIS_URL: 'redis://me:hush@redis:6379' };
    const shown = showSettings('query', await resolveWith({ environment: good }));
    expect(JSON.stringify(shown)).not.toContain('hush');
    expect(shown).toContainEqual({
      name: 'redis_url',
      value: 'redis://(hidden)@redis:6379',
      from: 'VECTORIZER_REDIS_URL',
    });
  });
});

describe('what is shown', () => {
  it('is every setting that a service reads', async () => {
    const shown = showSettings('query', await resolveWith({}));
    expect(shown.map(({ name }) => name)).toEqual(settingNames.filter((name) => isReadBy(name, 'query')));
  });
});

describe('readSettings', () => {
  it('throws one failure that tells every problem', () => {
    const bad = { VECTORIZER_PORT: 'high', VECTORIZER_LOG_LEVEL: 'loud' };
    expect(() => readSettings('query', { environment: bad, argv: ['node', 'main.js'] })).toThrow(
      /^these settings cannot be used:\n {2}VECTORIZER_PORT: .*\n {2}VECTORIZER_LOG_LEVEL: /,
    );
  });
});
