import { describe, expect, it } from '@jest/globals';
import { CHAIN_START } from '@vectorizer/contracts';
import { seededRandom } from '@vectorizer/testing';
import { Proofs } from './proofs.ts';
import type { PointRecord } from './record.ts';
import { digestOf, StateHash } from './state-hash.ts';

/** Points that change, and the proofs of that, which are asked for now and then. */
class Points {
  readonly now = new Map<string, PointRecord>();
  readonly proofs = new Proofs({ state_hash: StateHash.empty().toHex(), chain: CHAIN_START, digest: CHAIN_START });
  #sequence = 0;

  change(id: string, component: number | undefined): void {
    this.#sequence += 1;
    this.proofs.changed(id, this.now.get(id));
    const [version, vectorVersion] = [this.#sequence, this.#sequence];
    if (component === undefined) this.now.delete(id);
    else this.now.set(id, { version, vectorVersion, vector: Float32Array.of(component), payload: null });
    this.proofs.entry({ sequence: this.#sequence, bytes: Uint8Array.of(this.#sequence & 255) });
  }

  settle(): ReturnType<Proofs['settle']> {
    return this.proofs.settle((id) => this.now.get(id));
  }

  /** From nothing. */
  hash(): string {
    const hash = StateHash.empty();
    for (const [id, record] of this.now) hash.add(digestOf(id, record));
    return hash.toHex();
  }
}

describe('what a state can prove', () => {
  it('is the same whenever it is asked for', () => {
    const random = seededRandom(3);
    const [often, late] = [new Points(), new Points()];
    const asked: [hash: string, fromNothing: string][] = [];
    for (let i = 0; i < 200; i++) {
      const id = String(random.int(20));
      const component = random.uniform() < 0.3 ? undefined : random.int(1_000);
      for (const points of [often, late]) points.change(id, component);
      if (i % 3 === 0) asked.push([often.settle().state_hash, often.hash()]);
    }
    for (const [hash, fromNothing] of asked) expect(hash).toBe(fromNothing);
    expect(late.settle()).toEqual(often.settle());
    expect(late.settle().state_hash).toBe(late.hash());
  });

  it('is worked out once for a point that changes often, and is not put off without end', () => {
    const points = new Points();
    for (let i = 0; i < 255; i++) points.change('hot', i);
    expect(points.proofs.full).toBe(false);
    points.change('hot', 255);
    expect(points.proofs.full).toBe(true);
    points.settle();
    expect(points.proofs.full).toBe(false);
    expect(points.now.get('hot')?.digest).toBeDefined();
  });
});
