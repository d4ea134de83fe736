import type { Checkpoint, NodeId, ReplicaReport } from '@vectorizer/contracts';

/** Kept of each replica: enough to compare it with one that is some thousand entries behind. */
const STATES_MAX = 64;

/** What a replica has told of its state at the sequences that it passed, the newest of them. */
export class ToldStates {
  readonly #states = new Map<number, Checkpoint>();
  #applied = 0;

  hear({ phase, applied_sequence, checkpoints = [], chain, state_hash }: ReplicaReport): void {
    // It was built anew, or may just have been: what it told before is of another life.
    if (phase === 'syncing' || applied_sequence < this.#applied) this.#states.clear();
    this.#applied = applied_sequence;
    for (const checkpoint of checkpoints) this.#states.set(checkpoint.sequence, checkpoint);
    this.#states.set(applied_sequence, { sequence: applied_sequence, chain, state_hash });
    if (this.#states.size <= STATES_MAX) return;
    const oldest = [...this.#states.keys()].toSorted((a, b) => a - b).slice(0, this.#states.size - STATES_MAX);
    for (const sequence of oldest) this.#states.delete(sequence);
  }

  forget(): void {
    this.#states.clear();
  }

  /** At what it has applied. */
  get newest(): Checkpoint | undefined {
    return this.#states.get(this.#applied);
  }

  at(sequence: number): Checkpoint | undefined {
    return this.#states.get(sequence);
  }

  get sequences(): Iterable<number> {
    return this.#states.keys();
  }
}

export type Teller = { readonly node: NodeId; readonly states: ToldStates };

/** All sequences that any of the replicas has told of, newest first. */
export function sequencesOf(tellers: readonly Teller[]): readonly number[] {
  return [...new Set(tellers.flatMap(({ states }) => [...states.sequences]))].toSorted((a, b) => b - a);
}
