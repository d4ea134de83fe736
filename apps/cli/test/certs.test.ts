import { X509Certificate } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '@vectorizer/testing';
import { hasCertificates, writeCertificates } from '../src/certs/certificates.ts';
import { files, IDENTITIES } from '../src/certs/files.ts';

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
    const authority = await certificate(files.authority(path));
    for (const name of IDENTITIES) {
      const issued = await certificate(files.certificate(path, name));
      expect(issued.subject).toBe(`CN=${name}`);
      expect(issued.verify(authority.publicKey)).toBe(true);
      for (const host of ['vectorizer.example', 'localhost']) expect(issued.checkHost(host)).toBe(host);
      for (const ip of ['10.0.0.7', '127.0.0.1']) expect(issued.checkIP(ip)).toBe(ip);
      expect(issued.checkHost('elsewhere.example')).toBeUndefined();
      const days = (issued.validToDate.getTime() - Date.now()) / 86_400_000;
      expect(Math.round(days)).toBe(30);
    }
  });

  it('keep the authority and the passwords when they are made again, and nothing that is secret is for others', async () => {
    await using directory = await temporaryDirectory();
    const { path } = directory;
    await writeCertificates({ directory: path, ...wanted });
    const kept = [
      files.authority(path),
      files.authorityKey(path),
      files.redisUsers(path),
      files.redisPassword(path, 'query'),
    ];
    const before = await Promise.all(kept.map(async (file) => readFile(file, 'utf8')));
    const first = await certificate(files.certificate(path, 'index'));
    expect(await writeCertificates({ directory: path, ...wanted })).toBe('kept');
    expect(await Promise.all(kept.map(async (file) => readFile(file, 'utf8')))).toEqual(before);
    expect((await certificate(files.certificate(path, 'index'))).serialNumber).not.toBe(first.serialNumber);
    const secret = [...kept.slice(1), ...IDENTITIES.map((name) => files.key(path, name))];
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
