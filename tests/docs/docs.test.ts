import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { temporaryDirectory } from '@vectorizer/testing';
import { follow, nothingFollowed } from './follow.ts';
import { openPlace, root, startShared, type Instance } from './place.ts';

const textOf = (document: string): string => readFileSync(join(root, document), 'utf8');
const documents = (await Array.fromAsync(glob('{*,docs/*}.md', { cwd: root }))).toSorted();

/** What a document says that it is about; without a word, one process that has no keys, which documents share. */
const SYSTEMS: Readonly<Record<string, readonly string[]>> = {
  standalone: ['up'],
  cluster: ['cluster', 'up', '--nodes', '3', '--shards', '2', '--replicas', '2', '--faults'],
};

describe('what the documents say', () => {
  const total = nothingFollowed();
  const shared = new Map<string, Promise<Instance & AsyncDisposable>>();
  const directory = temporaryDirectory();
  afterAll(async () => {
    for (const instance of shared.values()) await (await instance)[Symbol.asyncDispose]();
    await (await directory)[Symbol.asyncDispose]();
    process.stdout.write(
      `${total.ran} blocks of the documents were run, ${total.failed} failed; not run are ${total.notRun.length}:\n`,
    );
    for (const each of total.notRun) process.stdout.write(`  ${each}\n`);
    for (const each of total.notHere) process.stdout.write(`  ${each} is not on this machine\n`);
  });

  async function sharedOf(system: string): Promise<Instance> {
    const args = SYSTEMS[system] ?? [];
    const started = shared.get(system) ?? startShared(args, join((await directory).path, system));
    shared.set(system, started);
    await empty(await started);
    return started;
  }

  it.each(documents)('%s is true', async (document) => {
    const text = textOf(document);
    const [, system = 'standalone'] = /^<!-- followed on: (.*) -->$/m.exec(text) ?? [];
    const systems = system === 'systems of its own' ? [] : system.split(' and ');
    expect(Object.keys(SYSTEMS)).toEqual(expect.arrayContaining(systems));
    await using place = await openPlace(await Promise.all(systems.map(sharedOf)));
    await follow({ name: document, text }, place, total);
  });
});

/** A document begins with an empty system. */
async function empty({ ports }: Instance): Promise<void> {
  const api = `http://127.0.0.1:${ports[0]}/api/v1/collections`;
  const { collections } = (await (await fetch(api)).json()) as { collections: { name: string }[] };
  for (const { name } of collections) await fetch(`${api}/${name}`, { method: 'DELETE' });
}
