import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryDirectory, until } from '@vectorizer/testing';
import { lastJson, runCommand } from '../system/command.ts';

describe('an instance that other machines can reach', () => {
  it('does not start without a key', async () => {
    await using directory = await temporaryDirectory();
    const place = ['--host', '0.0.0.0', '--port', '0', '--data', join(directory.path, 'data')];
    const { code, err } = await runCommand('up', ...place);
    expect(code).toBe(1);
    expect(err).toContain('0.0.0.0 can be reached by other machines, and there is no key; start with --init-key FILE');
  });

  it.each([['up'], ['cluster up --nodes 2']])(
    'makes its first key, tells only its file, and is used with that (%s)',
    async (up) => {
      await using directory = await temporaryDirectory();
      const data = join(directory.path, 'data');
      const keyFile = join(directory.path, 'admin.key');
      const args = [...up.split(' '), '--host', '0.0.0.0', '--port', '0', '--data', data, '--detach', '--json'];
      const started = await runCommand(...args, '--init-key', keyFile);
      expect(started).toMatchObject({ code: 0 });
      try {
        const { urls } = lastJson(started) as { urls: readonly string[] };
        expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
        const key = (await readFile(keyFile, 'utf8')).trim();
        for (const url of urls) {
          expect((await fetch(`${url}/api/v1/collections`)).status).toBe(401);
          const headers = { authorization: `Bearer ${key}` };
          expect((await fetch(`${url}/api/v1/collections`, { headers })).status).toBe(200);
        }
        const asAdmin = ['--data', data, '--key-file', keyFile];
        const out = join(directory.path, 'reader.key');
        const made = await runCommand('keys', 'create', 'reader', '--role', 'viewer', '--out', out, ...asAdmin);
        expect(made).toMatchObject({ code: 0, err: '' });
        const reader = (await readFile(out, 'utf8')).trim();
        expect(made.out).not.toContain(reader);
        expect((await runCommand('keys', 'list', ...asAdmin)).out).toMatch(
          /good\s+viewer\s+\*\s+never used\s+reader\n/,
        );
        const refused = await runCommand('demo', '--data', data, '--key-file', out);
        expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('delete_collection') });
        expect(await runCommand('demo', ...asAdmin)).toMatchObject({ code: 0 });
        const again = join(directory.path, 'recovered.key');
        const recovered = await runCommand('keys', 'recover', '--data', data, '--out', again);
        expect(recovered).toMatchObject({ code: 0, err: '' });
        expect(recovered.out).not.toContain((await readFile(again, 'utf8')).trim().slice(16));
        const asRecovered = ['--data', data, '--key-file', again];
        const listed = async (): Promise<string> => (await runCommand('keys', 'list', ...asRecovered)).out;
        await until(async () => (await listed()).includes('recovered'));
        const entries = await runCommand('audit', 'list', '--action', 'keys.recover', ...asRecovered);
        const told = entries.out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, string>);
        expect(told.map(({ result }) => result)).toEqual(['ok', 'begun']);
        for (const { actor } of told) expect(actor).toMatch(/^operator \S+@/);
        expect(await runCommand('audit', 'verify', ...asRecovered)).toMatchObject({ code: 0 });
        const said = [started.out, started.err, made.err, await logsIn(data)].join('\n');
        expect([said.includes(key.slice(16)), said.includes(reader.slice(16))]).toEqual([false, false]);
      } finally {
        await runCommand('down', '--data', data);
      }
    },
  );
});

async function logsIn(data: string): Promise<string> {
  const directory = join(data, 'run');
  const names = (await readdir(directory)).filter((name) => name.endsWith('.log'));
  return (await Promise.all(names.map(async (name) => readFile(join(directory, name), 'utf8')))).join('\n');
}
