import { hash } from 'node:crypto';
import { bytesOfFloat32, SearchSpec, type CollectionRecord } from '@vectorizer/contracts';

/** Two odd numbers whose bits look random: the golden ratio's, and one of xxHash's primes. */
const [FACTOR_A, FACTOR_B] = [0x9e_37_79_b1, 0x85_eb_ca_77];
const LANES = new Int32Array(2);
/** What stands before the numbers of the vector, its last two words being the threshold. */
const HEAD = new Int32Array(8);
const THRESHOLD = new Float64Array(HEAD.buffer, 24, 1);

/** Changes with what a digest is made of, so that two releases never take each other's answers. */
const FORM = 2;
/** Saying these is as saying nothing. */
const DEFAULTS: Partial<SearchSpec> = { exact: false };
/** Every field but the vector, whose numbers are hashed as they are. */
const FIELDS = (Object.keys(SearchSpec.shape) as (keyof SearchSpec)[])
  .filter((name) => name !== 'vector')
  .map((name) => ({ name, label: `,"${name}":`, standard: DEFAULTS[name] }));

type Asked = { readonly record: CollectionRecord; readonly spec: SearchSpec };

const prefixes = new WeakMap<CollectionRecord, string>();

/**
 * Names a search by everything that its answer depends on but the state that is searched: the life of the collection, its
 * declared payload indexes, which warnings depend on, and every field of the search, so that one that is added later cannot
 * be forgotten here.
 */
export class SearchKey {
  /** 32 bits, the same for the same search, and hardly ever for two: where there is none, it was not asked before. */
  readonly mark: number;
  /** What is asked, until the digest is made of it. */
  #named: Asked | string;

  constructor(record: CollectionRecord, spec: SearchSpec) {
    this.#named = { record, spec };
    this.mark = markOf(record, spec);
  }

  /** SHA-256, which nobody finds two searches of. Made when it is asked for, and then what it is made of is let go. */
  get digest(): string {
    if (typeof this.#named !== 'string') this.#named = digestOf(this.#named);
    return this.#named;
  }

  equals(other: SearchKey): boolean {
    return this === other || (this.mark === other.mark && this.digest === other.digest);
  }
}

function digestOf({ record, spec }: Asked): string {
  let asked = '';
  for (const { name, label, standard } of FIELDS) {
    const field = spec[name];
    if (field !== undefined && field !== standard) asked += label + canonical(field);
  }
  // The text holds no NUL, so where it ends is certain.
  const text = Buffer.from(`${prefixOf(record)}${asked}\0`);
  return hash('sha256', Buffer.concat([text, bytesOfFloat32(spec.vector)]), 'base64url');
}

/**
 * By hand, since what calls out of JavaScript takes five times as long when a walk through a graph has emptied the
 * processor's caches: a digest was most of what a miss cost. Searches that differ only in what is left out here share a mark
 * and push out each other's answers, so that is only what hardly ever is all that differs: the declared indexes.
 */
function markOf({ uid }: CollectionRecord, spec: SearchSpec): number {
  const { vector, k, ef = 0, exact = false, score_threshold: threshold = NaN, filter, quantization } = spec;
  THRESHOLD[0] = threshold;
  HEAD[0] = bitsOf(uid);
  HEAD[1] = k;
  HEAD[2] = ef;
  HEAD[3] = Number(exact) + 2 * Number(spec.with_payload) + 4 * Number(spec.with_vector);
  HEAD[4] = filter === undefined ? 0 : bitsOf(canonical(filter));
  HEAD[5] = quantization === undefined ? 0 : bitsOf(canonical(quantization));
  LANES[0] = FACTOR_B;
  LANES[1] = FACTOR_A;
  mix(HEAD);
  mix(new Int32Array(vector.buffer, vector.byteOffset, vector.length));
  const [a = 0, b = 0] = LANES;
  return a ^ Math.imul(b, FACTOR_A);
}

/** Multiply and shift, as xxHash and others mix; every other word in a lane of its own, since neither waits for the other. */
function mix(words: Int32Array): void {
  let a = LANES[0] as number;
  let b = LANES[1] as number;
  for (let i = 1; i < words.length; i += 2) {
    a = mixed(a, words[i - 1] as number, FACTOR_A);
    b = mixed(b, words[i] as number, FACTOR_B);
  }
  if (words.length % 2 === 1) a = mixed(a, words.at(-1) as number, FACTOR_A);
  LANES[0] = a;
  LANES[1] = b;
}

function mixed(lane: number, word: number, factor: number): number {
  const product = Math.imul(lane ^ word, factor);
  return product ^ (product >>> 15);
}

function bitsOf(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits, 31) + text.charCodeAt(i);
  return bits;
}

function prefixOf(record: CollectionRecord): string {
  const known = prefixes.get(record);
  if (known !== undefined) return known;
  const prefix = canonical([FORM, record.uid, record.payload_indexes]);
  prefixes.set(record, prefix);
  return prefix;
}

/** JSON with sorted keys and without what is undefined: the same text for the same value, however it was made. */
function canonical(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const fields = value as Readonly<Record<string, unknown>>;
  let text = '{';
  for (const name of Object.keys(fields).toSorted()) {
    const field = fields[name];
    if (field !== undefined) text += `${JSON.stringify(name)}:${canonical(field)},`;
  }
  return `${text}}`;
}
