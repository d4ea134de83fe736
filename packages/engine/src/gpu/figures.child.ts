import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { byRank, exactScore, type GpuMode } from '@vectorizer/contracts';
import { seededRandom } from '@vectorizer/testing';
import { Gpu } from './gpu.ts';
import { ResilientGpuIndex } from './resilient-gpu-index.ts';

/**
 * Prints what a device does: upload, time of searches alone and together, and how many of the true ten nearest are found.
 * Arguments: which devices may be used, points, dimension. With the driver in software:
 * `NODE=$(which node) .tools/vulkan/node --conditions=@vectorizer/source packages/engine/src/gpu/figures.child.ts software`
 */
const [mode = 'auto', points = '20000', width = '256'] = process.argv.slice(2);
const [count, dimension, rounds] = [Number(points), Number(width), 9];
const random = seededRandom(1);
const vectors = new Map(Array.from({ length: count }, (_, i) => [`p${i}`, random.vector(dimension)]));
const vectorOf = (id: string): Float32Array | undefined => vectors.get(id);
const hnsw = { m: 16, ef_construction: 200, ef_search: 64 };
const gpu = new Gpu({ mode: mode as GpuMode });
const index = new ResilientGpuIndex({
  kind: 'gpu',
  metric: 'cosine',
  directory: tmpdir(),
  dimension,
  hnsw,
  gpu,
  vectorOf,
});

function print(name: string, figure: string): void {
  process.stdout.write(`${name.padEnd(28)} ${figure}\n`);
}

const start = performance.now();
await index.load(new Map([...vectors.keys()].map((id, i) => [id, { version: i + 1, vectorVersion: i + 1 }])));
assert.equal(index.backend.backend, 'gpu', index.backend.backend_reason ?? '');
print('device', index.backend.device ?? '');
print('upload', `${(performance.now() - start).toFixed(0)} ms for ${count} × ${dimension}`);

for (const [together, k] of [
  [1, 10],
  [1, 1_000],
  [8, 10],
  [64, 10],
] as const) {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const queries = Array.from({ length: together }, () => random.vector(dimension));
    const begun = performance.now();
    await Promise.all(queries.map(async (query) => index.search(query, { k, ef: k, vectorOf })));
    times.push((performance.now() - begun) / together);
  }
  const [best, median] = [0, Math.floor(rounds / 2)].map((i) => times.toSorted((a, b) => a - b)[i]?.toFixed(2));
  print(`${together} together, k ${k}`, `${median} ms per search, best ${best}`);
}

let found = 0;
for (let i = 0; i < 20; i++) {
  const query = random.vector(dimension);
  const scored = [...vectors].map(([id, vector]) => ({ id, score: exactScore('cosine', vector, query) }));
  const truth = new Set(
    scored
      .toSorted(byRank)
      .slice(0, 10)
      .map(({ id }) => id),
  );
  found += (await index.search(query, { k: 10, ef: 10, vectorOf })).filter(({ id }) => truth.has(id)).length;
}
print('recall@10 against exact', (found / 200).toFixed(4));
process.exit(0);
