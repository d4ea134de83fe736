/**
 * A small made-up library, and an embedding for it that needs no model: each word adds a pattern of signs that its hash
 * seeds, and so do its pieces of three letters, so that texts which share words or stems point the same way.
 */
export const SAMPLE_DIMENSION = 64;

export type Work = {
  readonly id: string;
  readonly text: string;
  readonly payload: { readonly title: string; readonly medium: string; readonly genre: string; readonly year: number };
};

const subjects = [
  ['robot', 'sf', 'a lonely robot that learns what memory is'],
  ['voyage', 'sf', 'a spaceship crew on a voyage to a distant planet'],
  ['signal', 'sf', 'astronomers who hear a signal from the stars'],
  ['detective', 'crime', 'a detective who solves a murder nobody wants solved'],
  ['heist', 'crime', 'thieves who plan one last robbery of a bank'],
  ['letters', 'romance', 'two strangers who fall in love through letters'],
  ['garden', 'romance', 'a gardener and a widow who find love late in life'],
  ['dragon', 'fantasy', 'a young witch who befriends the last dragon'],
  ['crown', 'fantasy', 'a king without a crown and a forest full of magic'],
  ['lighthouse', 'drama', 'a family that keeps a lighthouse and its secrets'],
  ['orchestra', 'drama', 'musicians of an orchestra in a time of war'],
  ['kitchen', 'comedy', 'a cook who ruins every dinner and charms every guest'],
] as const;

const settings = [
  ['Venice', 'among the canals of an old city by the sea'],
  ['the North', 'under the snow and the long nights of the north'],
  ['Tokyo', 'in the crowded trains and small bars of a great city'],
  ['the Desert', 'in a desert where it has not rained for years'],
  ['the Island', 'on an island that the ferry visits once a week'],
] as const;

const titles = [
  'The {} of {place}',
  'Return to the {} of {place}',
  'Last {} in {place}',
  'Beyond the {}: {place}',
  'My {}, {place}',
];
const media = ['book', 'film'] as const;
const FIRST_YEAR = 1950;
const YEARS = 76;
const SEED = 20;

/** Three hundred works, the same ones each time. */
export function sampleWorks(): Work[] {
  const random = generator(SEED);
  return subjects.flatMap(([subject, genre, story]) =>
    settings.flatMap(([place, where]) =>
      titles.map((pattern, index) => {
        const title = pattern.replace('{}', capital(subject)).replace('{place}', place);
        const medium = media[Math.floor(random() * media.length)] ?? media[0];
        const year = FIRST_YEAR + Math.floor(random() * YEARS);
        const id = `${subject}-${place.toLowerCase().replaceAll(' ', '-')}-${index + 1}`;
        return { id, text: `${title}. A ${medium} about ${story}, ${where}.`, payload: { title, medium, genre, year } };
      }),
    ),
  );
}

/** The direction that a text points in. */
export function embed(text: string): Float32Array {
  const sum = new Float32Array(SAMPLE_DIMENSION);
  for (const word of text.toLowerCase().match(/\p{L}{3,}/gu) ?? []) {
    add(sum, word, 1);
    for (let at = 0; at + 3 <= word.length; at++) add(sum, `#${word.slice(at, at + 3)}`, 1 / word.length);
  }
  const length = Math.hypot(...sum);
  return length === 0 ? sum.fill(1) : sum.map((component) => component / length);
}

function add(sum: Float32Array, feature: string, weight: number): void {
  const random = generator(hash(feature));
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + (random() < 0.5 ? -weight : weight);
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}

/** Mulberry32: small, and the same on every machine. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
