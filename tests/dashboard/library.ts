import type { VectorizerClient } from '@vectorizer/client';
import { seededRandom, type SeededRandom } from '@vectorizer/testing';

export const DIMENSION = 32;
const BATCH = 500;
const GENRES = ['sf', 'crime', 'poetry', 'history', 'drama'] as const;
const WORDS = ['Silent', 'Last', 'Northern', 'Hidden', 'Glass', 'Distant', 'Golden', 'Broken'] as const;
const THINGS = ['Harbour', 'Letter', 'Orchard', 'Signal', 'River', 'Window', 'Garden', 'Engine'] as const;

/** A collection of made-up works: those of a genre lie near each other, so that a search finds what belongs together. */
export async function fill(client: VectorizerClient, name: string, points: number): Promise<void> {
  const random = seededRandom(7);
  const centres = GENRES.map(() => random.vector(DIMENSION));
  await client.createCollection({ name, dimension: DIMENSION });
  for (let first = 0; first < points; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, points - first) }, (_, i) => workOf(first + i, centres, random));
    await client.upsert(name, batch, { wait: 'replicated' });
  }
}

function workOf(number: number, centres: readonly Float32Array[], random: SeededRandom): Work {
  const genre = random.int(GENRES.length);
  const vector = Array.from(centres[genre] ?? [], (component) => component + 0.4 * random.gaussian());
  const title = `The ${random.pick(WORDS)} ${random.pick(THINGS)}`;
  return {
    id: `work-${number}`,
    vector,
    payload: { title, genre: GENRES[genre] ?? 'sf', year: 1900 + random.int(120) },
  };
}

type Work = {
  readonly id: string;
  readonly vector: readonly number[];
  readonly payload: { readonly title: string; readonly genre: string; readonly year: number };
};
