import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, type TemporaryDirectory } from '@vectorizer/testing';
import { root } from './dockerfile.ts';
import { settingProblems } from './settings.ts';

const units = join(root, 'infra/systemd');
const INSTANCES = ['standalone', 'gateway', 'ingest', 'query', 'replication-monitor', 'index-1', 'index-2'].map(
  (name) => `vectorizer@${name}.service`,
);
const SERVICES = [...INSTANCES, 'vectorizer-nats.service'];
/** Tenths: 0 is a service that can do nothing, 100 one that can do everything. */
const EXPOSURE_MAX = 20;
const textOf = (name: string): string => readFileSync(join(units, name), 'utf8');

let host: TemporaryDirectory;

/** As little of a host as systemd needs to look at units. */
beforeAll(async () => {
  host = await temporaryDirectory();
  const system = join(host.path, 'etc/systemd/system');
  mkdirSync(system, { recursive: true });
  for (const name of readdirSync(units))
    if (/\.(service|target)$/.test(name)) cpSync(join(units, name), join(system, name));
  for (const name of ['sysinit', 'basic', 'shutdown', 'network-online', 'multi-user', 'network']) {
    writeFileSync(join(system, `${name}.target`), '[Unit]\nDescription=Of the host\n');
  }
  for (const program of ['opt/vectorizer/role', 'usr/bin/nats-server', 'bin/kill']) {
    mkdirSync(join(host.path, dirname(program)), { recursive: true });
    writeFileSync(join(host.path, program), '#!/bin/sh\n');
    chmodSync(join(host.path, program), 0o755);
  }
});

afterAll(async () => host[Symbol.asyncDispose]());

/** What systemd says of the units; nothing where the machine has none. */
function analyze(...args: readonly string[]): { readonly status: number; readonly said: string } {
  const { status, stdout, stderr, error } = spawnSync('systemd-analyze', [`--root=${host.path}`, ...args], {
    encoding: 'utf8',
  });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return { status: 0, said: '' };
  return { status: status ?? -1, said: args[0] === 'verify' ? `${stdout}${stderr}` : stderr };
}

describe('the units', () => {
  it('are what systemd takes', () => {
    expect(analyze('verify', ...SERVICES)).toEqual({ status: 0, said: '' });
  });

  it('let services do little', () => {
    expect(analyze('security', '--offline=true', `--threshold=${EXPOSURE_MAX}`, ...SERVICES)).toEqual({
      status: 0,
      said: '',
    });
  });

  it('keep state where it is their own', () => {
    const service = textOf('vectorizer@.service');
    expect(service).toMatch(/^StateDirectory=vectorizer\/%i$/m);
    expect(service).toMatch(/^Environment=VECTORIZER_DATA=\/var\/lib\/vectorizer\/%i$/m);
    expect(textOf('vectorizer-nats.service')).toMatch(/VECTORIZER_NATS_STORE="\/var\/lib\/vectorizer-nats"/);
    for (const text of [service, textOf('vectorizer-nats.service')]) {
      expect(text).toMatch(/^User=vectorizer$/m);
      expect(textOf('sysusers.conf')).toMatch(/^u vectorizer /m);
    }
  });

  it('give each service settings with which it starts', () => {
    const shared = Object.fromEntries(
      [...textOf('vectorizer.env').matchAll(/^(VECTORIZER_\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    );
    expect(Object.keys(shared).length).toBeGreaterThan(2);
    for (const instance of INSTANCES) {
      const role = instance.replace(/^vectorizer@|\.service$/g, '');
      const environment = { ...shared, VECTORIZER_DATA: `/var/lib/vectorizer/${role}` };
      expect([role, settingProblems(role, environment)]).toEqual([role, []]);
    }
  });
});
