import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@vectorizer/testing';
import { startSystem, type System } from '../system/system.ts';
import { openPage, startBrowser } from './browser.ts';
import { DIMENSION, fill } from './library.ts';

/** Takes the picture of the README, as `pnpm screenshot`: a cluster of three nodes under searches and writes. */
const file = resolve(import.meta.dirname, '../../docs/images/dashboard.png');
const COLLECTIONS = ['articles', 'books', 'films'] as const;
const POINTS = 4_000;
const CLIENTS = 3;
/** So long that the charts have something to show. */
const LOAD_MS = 45_000;

await using system = await startSystem({ nodes: 3, shards: 2, replicas: 2 });
for (const name of COLLECTIONS) await fill(system.client, name, POINTS);
const stopping = new AbortController();
const clients = Array.from({ length: CLIENTS }, async (_, seed) => work(system, seed, stopping.signal));
const browser = await startBrowser();
try {
  await mkdir(dirname(file), { recursive: true });
  const viewport = { width: 1280, height: 1000 };
  await using opened = await openPage(browser, system.url, { colorScheme: 'light', viewport, deviceScaleFactor: 1.5 });
  await sleep(LOAD_MS);
  await opened.page.screenshot({ path: file, fullPage: true });
} finally {
  stopping.abort();
  await Promise.all(clients);
  await browser.close();
}

/** A client that searches, and now and then writes, at its leisure. */
async function work({ client }: System, seed: number, signal: AbortSignal): Promise<void> {
  const random = seededRandom(seed);
  // As in life, some questions are asked again and again.
  const questions = Array.from({ length: 40 }, () => random.vector(DIMENSION));
  while (!signal.aborted) {
    const collection = random.pick(COLLECTIONS);
    await client.search(collection, { vector: random.pick(questions), k: 10 });
    if (random.uniform() < 0.03) {
      const points = Array.from({ length: 20 }, () => ({
        id: `new-${random.int(2_000)}`,
        vector: random.vector(DIMENSION),
      }));
      await client.upsert(collection, points);
    }
    await sleep(5 + 20 * random.uniform());
  }
}
