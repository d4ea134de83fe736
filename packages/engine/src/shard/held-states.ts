import assert from 'node:assert/strict';
import { Failure } from '@vectorizer/errors';
import type { ShardState } from '../state/shard-state.ts';
import type { Snapshot } from '../state/snapshot.ts';

/** Well below the views that the store can have open at once. */
const STATES_MAX = 64;
const SEARCHES_MAX = 1_024;

/** A state for as long as a search needs it; to be given back. */
export type HeldState = Disposable & { readonly snapshot: Snapshot };

/** The states of searches that are under way and have given way. Searches of one sequence share one. */
export class HeldStates {
  readonly #states = new Map<number, { readonly snapshot: Snapshot; users: number }>();
  #users = 0;

  /** Before a search begins: throws `overloaded` when it could not be held. */
  check(sequence: number): void {
    const full = this.#states.size >= STATES_MAX && !this.#states.has(sequence);
    if (full || this.#users >= SEARCHES_MAX)
      throw new Failure('overloaded', 'too many searches of this shard are running');
  }

  hold(state: ShardState): HeldState {
    const { sequence } = state.meta;
    const held = this.#states.get(sequence) ?? { snapshot: state.snapshot(), users: 0 };
    this.#states.set(sequence, held);
    held.users += 1;
    this.#users += 1;
    return { snapshot: held.snapshot, [Symbol.dispose]: () => this.#release(sequence) };
  }

  #release(sequence: number): void {
    const held = this.#states.get(sequence);
    assert(held !== undefined, 'what is given back was held');
    held.users -= 1;
    this.#users -= 1;
    if (held.users > 0) return;
    this.#states.delete(sequence);
    held.snapshot[Symbol.dispose]();
  }
}
