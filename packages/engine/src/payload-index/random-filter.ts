import type { Condition, Filter, Json } from '@vectorizer/contracts';
import type { SeededRandom } from '@vectorizer/testing';

/** Random payloads and filters that meet often, of few values and all types, mixed under every key. */
export const KEYS = ['word', 'n', 'flag', 'at', 'place', 'deep.word', 'list.n', 'none'] as const;

const TIMES = [
  '2026-01-01',
  '2026-01-01T00:00:00Z',
  '2026-01-01T02:00:00+02:00',
  '2026-03-01T12:00:00.5',
  '2027-05-05',
];
const WORDS = ['a', 'b', 'c', '', '1', ...TIMES];

export function randomPayload(random: SeededRandom): string | null {
  if (random.int(12) === 0) return null;
  const payload: Record<string, Json> = {};
  for (const key of ['word', 'n', 'flag', 'at', 'place']) if (random.int(4) > 0) payload[key] = valueOf(random, key);
  if (random.int(2) === 0)
    payload['deep'] = random.int(3) === 0 ? valueOf(random, 'n') : { word: valueOf(random, 'word') };
  if (random.int(2) === 0) {
    payload['list'] = Array.from({ length: random.int(3) }, () =>
      random.int(4) === 0 ? valueOf(random, 'word') : { n: valueOf(random, 'n') },
    );
  }
  return JSON.stringify(payload);
}

export function randomFilter(random: SeededRandom, depth = 0): Filter {
  const clause = (): Condition[] =>
    Array.from({ length: 1 + random.int(3) }, () =>
      depth < 3 && random.int(4) === 0 ? randomFilter(random, depth + 1) : leafOf(random),
    );
  return {
    ...(random.int(2) === 0 ? { must: clause() } : {}),
    ...(random.int(3) === 0 ? { should: clause() } : {}),
    ...(random.int(3) === 0 ? { must_not: clause() } : {}),
  };
}

function valueOf(random: SeededRandom, key: string): Json {
  if (random.int(12) === 0) return null;
  if (random.int(6) === 0) return Array.from({ length: random.int(4) }, () => valueOf(random, key));
  const type = random.int(8) === 0 ? random.pick(['word', 'n', 'flag', 'at', 'place']) : key;
  switch (type) {
    case 'word':
      return random.pick(WORDS);
    case 'n':
      return random.pick([-0, 0, 1, 2, 2.5, -3, 1e300]);
    case 'flag':
      return random.int(2) === 0;
    case 'at':
      return random.pick([...TIMES, 'no time']);
    default:
      return placeOf(random);
  }
}

function placeOf(random: SeededRandom): { lat: number; lon: number } {
  return {
    lat: random.pick([-90, -45.25, 0, 10.1, 46.95, 89.9, 90]),
    lon: random.pick([-180, -179.9, 0, 7.45, 179.95, 180]),
  };
}

function leafOf(random: SeededRandom): Condition {
  const key = random.pick(KEYS);
  const scalar = (): string | number | boolean => {
    const value = valueOf(random, random.pick(['word', 'n', 'flag', 'at']));
    return typeof value === 'object' ? 'a' : value;
  };
  switch (random.int(10)) {
    case 0:
      return { key, match: { value: scalar() } };
    case 1:
      return { key, match: { any: [scalar(), scalar(), scalar()] } };
    case 2:
      return { key, match: { except: [scalar(), scalar()] } };
    case 3:
      return {
        key,
        range: { [random.pick(['gt', 'gte'])]: random.pick([-3, 0, 1, 2.5]), [random.pick(['lt', 'lte'])]: 2.5 },
      };
    case 4:
      return { key, range: { [random.pick(['gt', 'gte', 'lt', 'lte'])]: '2026-01-01T00:00:00Z' } };
    case 5:
      return random.int(2) === 0 ? { key, exists: random.int(2) === 0 } : { key, is_null: random.int(2) === 0 };
    case 6:
      return { key, geo_box: { top_left: placeOf(random), bottom_right: placeOf(random) } };
    case 7:
      return { key, geo_radius: { center: placeOf(random), radius_m: random.pick([1, 50_000, 3e6, 1.2e7, 3e7]) } };
    case 8:
      return { key, values_count: { [random.pick(['gt', 'gte', 'lt', 'lte'])]: random.int(3) } };
    default:
      return { has_id: [`p${random.int(60)}`, `p${random.int(60)}`, 'absent'] };
  }
}
