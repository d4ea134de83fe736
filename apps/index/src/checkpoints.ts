import { CHECKPOINT_INTERVAL, CHECKPOINTS_MAX, type Checkpoint } from '@vectorizer/contracts';

/** A replica's states at the agreed sequences, of which the newest are kept: what it tells so that it can be compared. */
export class Checkpoints {
  #newest: readonly Checkpoint[] = [];

  get newest(): readonly Checkpoint[] {
    return this.#newest;
  }

  /** Called with each sequence that was applied; `state` is asked at the agreed ones. */
  passed(sequence: number, state: () => Omit<Checkpoint, 'sequence'>): void {
    if (sequence % CHECKPOINT_INTERVAL !== 0) return;
    const { chain, state_hash } = state();
    this.#newest = [...this.#newest, { sequence, chain, state_hash }].slice(-CHECKPOINTS_MAX);
  }
}
