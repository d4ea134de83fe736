import { encodeEntry, encodeRequest, type Operation } from '@vectorizer/contracts';
import type { ReferenceRequest } from './reference.ts';

/** What a generator needs of randomness. */
export type Random = {
  uniform(): number;
  int(bound: number): number;
  pick<T>(items: readonly T[]): T;
  vector(dimension: number): Float32Array;
};

/** `requests` is undefined when the bytes are malformed. */
export type RandomEntry = { readonly bytes: Uint8Array; readonly requests: readonly ReferenceRequest[] | undefined };

const PLAIN_IDS = Array.from({ length: 60 }, (_, i) => `p${i}`);
const ODD_IDS = ['ä', 'Ω/x', '日本', '\uffee', '\u{1f600}', '\u{1f600}b', ' ', 'x'.repeat(256), '語'.repeat(256)];
const IDS = [...PLAIN_IDS, ...ODD_IDS];
export const TAGS = ['red', 'green', 'blue', 'rare'] as const;

/** Writes entries as a client, a retrying client, a careless producer and a broken one would. */
export class EntryGenerator {
  readonly #random: Random;
  readonly #dimension: number;
  readonly #past: ReferenceRequest[] = [];
  #requests = 0;

  constructor(random: Random, dimension: number) {
    this.#random = random;
    this.#dimension = dimension;
  }

  next(sequence: number): RandomEntry {
    const random = this.#random;
    if (random.uniform() < 0.03) return { bytes: this.#malformed(), requests: undefined };
    const requests = Array.from({ length: 1 + random.int(3) }, () => this.#request(sequence));
    const encoded = requests.map((request) => encodeRequest({ id: request.id, ops: [...request.ops] }).request);
    return { bytes: encodeEntry({ at: 0, requests: encoded }), requests };
  }

  #malformed(): Uint8Array {
    const bytes = [
      Uint8Array.of(0xc1),
      Uint8Array.of(),
      encodeEntry({ at: 0, requests: [] }),
      encodeEntry({ at: 0, requests: [{ id: 'x', ops: [{ kind: 'upsert', id: 'ok', vector: 'no' }] }] }),
      encodeEntry({ at: 0, requests: [{ id: 'x', ops: [{ kind: 'delete', id: 'p1' }, { kind: 'explode' }] }] }),
    ];
    return this.#random.pick(bytes);
  }

  #request(sequence: number): ReferenceRequest {
    const random = this.#random;
    const past = this.#past.length === 0 ? undefined : random.pick(this.#past.slice(-40));
    if (past !== undefined && random.uniform() < 0.08) return past;
    const reused = past !== undefined && random.uniform() < 0.04;
    const ops = Array.from({ length: 1 + random.int(4) }, () => this.#operation(sequence));
    const request = { id: reused ? past.id : `r${this.#requests++}`, ops };
    this.#past.push(request);
    return request;
  }

  #operation(sequence: number): Operation {
    const random = this.#random;
    const id = random.pick(IDS);
    const condition = random.uniform() < 0.15 ? { if_version: Math.max(0, sequence - random.int(12)) } : {};
    const payload = this.#payload();
    const draw = random.uniform();
    if (draw < 0.4)
      return { kind: 'upsert', id, vector: this.#vector(), ...(random.int(3) ? { payload } : {}), ...condition };
    if (draw < 0.5) return { kind: 'insert', id, vector: this.#vector(), payload };
    if (draw < 0.6) return { kind: 'update', id, vector: this.#vector(), ...condition };
    if (draw < 0.68) return { kind: 'update', id, ...random.pick([{}, { payload }, { payload: null }]), ...condition };
    if (draw < 0.76) return { kind: 'payload_merge', id, payload, ...condition };
    if (draw < 0.8) return { kind: 'payload_replace', id, payload, ...condition };
    if (draw < 0.86)
      return { kind: 'payload_delete_keys', id, keys: random.pick([['n'], ['tag', 'zz'], ['zz']]), ...condition };
    if (draw < 0.98) return { kind: 'delete', id, ...condition };
    return { kind: 'delete_by_filter', filter: { must: [{ key: 'tag', match: { value: random.pick(TAGS) } }] } };
  }

  /** Some repeat, so that ties and unchanged vectors occur; some have a wrong shape; some are zero. */
  #vector(): Float32Array {
    const draw = this.#random.uniform();
    if (draw < 0.02) return new Float32Array(this.#dimension);
    if (draw < 0.04) return new Float32Array(this.#dimension + 1).fill(1);
    if (draw < 0.15) return Float32Array.from({ length: this.#dimension }, (_, i) => (i === 0 ? 1 : 0));
    return this.#random.vector(this.#dimension);
  }

  #payload(): string {
    const random = this.#random;
    const tag = random.uniform() < 0.05 ? 'rare' : TAGS[random.int(3)];
    return JSON.stringify(random.pick([{}, { tag }, { tag, n: random.int(100) }, { n: random.int(100), ü: ['😀'] }]));
  }
}
