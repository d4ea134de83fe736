import { X509Certificate } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '@vectorizer/testing';
import { hasCertificates, writeCertificates } from '../src/certs/certificates.ts';
import { authorityOf, CLIENTS, files, IDENTITIES } from '../src/certs/files.ts';

const wanted = { hosts: ['vectorizer.example', '10.0.0.7'], days: 30 };

async function certificate(file: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(file));
}

describe('certificates of a development authority', () => {
  it('are signed by it, for the hosts that were named, for as long as was said', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    expect(await writeCertificates({ directory: path, ...wanted })).toBe('new');
    expect(await hasCertificates(path)).toBe(true);
    for (const name of IDENTITIES) {
      const authority = await certificate(files.authority(path, authorityOf(name)));
      const issued = await certificate(files.certificate(path, name));
      expect(issued.subject).toBe(`CN=${name}`);
      expect(issued.verify(authority.publicKey)).toBe(true);
      const days = (issued.validToDate.getTime() - Date.now()) / 86_400_000;
      expect(Math.round(days)).toBe(30);
      if (CLIENTS.includes(name)) continue;
      for (const host of ['vectorizer.example', 'localhost']) expect(issued.checkHost(host)).toBe(host);
      for (const ip of ['10.0.0.7', '127.0.0.1']) expect(issued.checkIP(ip)).toBe(ip);
      expect(issued.checkHost('elsewhere.example')).toBeUndefined();
    }
  });

  it('are no server for whoever is a client alone', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeCertificates({ directory: path, ...wanted });
    const [server, client] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
    for (const name of IDENTITIES) {
      const { subjectAltName, keyUsage } = await certificate(files.certificate(path, name));
      const isClient = ['operator', 'producer', 'revoker'].includes(name);
      expect([name, keyUsage]).toEqual([name, isClient ? [client] : [server, client]]);
      expect([name, subjectAltName === undefined]).toEqual([name, isClient]);
    }
  });

  it('are signed by an authority of its own where they let a log server join others', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeCertificates({ directory: path, ...wanted });
    const routes = await certificate(files.authority(path, 'routes-ca'));
    for (const name of IDENTITIES) {
      const { publicKey } = routes;
      expect([name, (await certificate(files.certificate(path, name))).verify(publicKey)]).toEqual([
        name,
        name === 'routes',
      ]);
    }
  });

  it('are added where an earlier release made none, and leave those that are there as they are', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeCertificates({ directory: path, ...wanted });
    const others = IDENTITIES.filter((name) => name !== 'routes').map((name) => files.certificate(path, name));
    const before = await Promise.all(others.map(async (file) => readFile(file, 'utf8')));
    const own = [files.certificate(path, 'routes'), files.key(path, 'routes')];
    const authority = [files.authority(path, 'routes-ca'), files.authorityKey(path, 'routes-ca')];
    // An authority whose key lies elsewhere has signed all that it has to.
    for (const file of [...own, ...authority, files.authorityKey(path)]) await rm(file);
    expect(await hasCertificates(path)).toBe(false);
    expect(await writeCertificates({ directory: path, ...wanted, keeps: true })).toBe('kept');
    expect(await hasCertificates(path)).toBe(true);
    expect(await Promise.all(others.map(async (file) => readFile(file, 'utf8')))).toEqual(before);
  });

  it('keep the authority and the passwords when they are made again, and nothing that is secret is for others', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeCertificates({ directory: path, ...wanted });
    const kept = [
      files.authority(path),
      files.authorityKey(path),
      files.authority(path, 'routes-ca'),
      files.authorityKey(path, 'routes-ca'),
      files.redisUsers(path),
      files.redisPassword(path, 'query'),
    ];
    const before = await Promise.all(kept.map(async (file) => readFile(file, 'utf8')));
    const first = await certificate(files.certificate(path, 'index'));
    expect(await writeCertificates({ directory: path, ...wanted })).toBe('kept');
    expect(await Promise.all(kept.map(async (file) => readFile(file, 'utf8')))).toEqual(before);
    expect((await certificate(files.certificate(path, 'index'))).serialNumber).not.toBe(first.serialNumber);
    const secret = [
      ...kept.filter((file) => !file.endsWith('.crt')),
      ...IDENTITIES.map((name) => files.key(path, name)),
    ];
    for (const file of secret) expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('are not made on top of half an authority, or of one that cannot be read', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeCertificates({ directory: path, ...wanted });
    await writeFile(files.authorityKey(path), 'no key');
    await expect(writeCertificates({ directory: path, ...wanted })).rejects.toThrow('cannot be read');
    await rm(files.authorityKey(path));
    await expect(writeCertificates({ directory: path, ...wanted })).rejects.toThrow('half an authority');
    expect(await hasCertificates(join(path, 'elsewhere'))).toBe(false);
  });
});
