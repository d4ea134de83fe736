import type { ReadStage, ReadStages, ShardStages } from '@vectorizer/contracts';

/** Where the time of one read goes. */
export class StageClock {
  readonly #now: () => number;
  readonly #stages: Partial<Record<ReadStage, number>> = {};
  #lastMs: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#lastMs = now();
  }

  /** What has passed since the last stage ended was this one. */
  end(stage: ReadStage): void {
    const nowMs = this.#now();
    this.#stages[stage] = (this.#stages[stage] ?? 0) + nowMs - this.#lastMs;
    this.#lastMs = nowMs;
  }

  /** What the shards say of themselves; the one that took longest is what the read waited for. */
  shards(stages: readonly (ShardStages | undefined)[]): void {
    let longest: ShardStages | undefined;
    for (const each of stages) {
      if (each !== undefined && (longest === undefined || totalOf(each) > totalOf(longest))) longest = each;
    }
    Object.assign(this.#stages, longest);
  }

  get stages(): ReadStages {
    return this.#stages;
  }
}

function totalOf({ wait, queue, search }: ShardStages): number {
  return wait + queue + search;
}
