import type { NodeId } from '@vectorizer/contracts';

/** A second replica is asked when the first takes this many times as long as it did lately, but not sooner than the floor. */
const SLOWNESS = 3;
const FLOOR_MS = 25;
/** Weight of the newest latency in the running mean. */
const WEIGHT = 0.2;
/** Hedges are at most this share of all calls, but for a first few: when everything is slow, asking twice makes it slower. */
const SHARE_MAX = 0.1;
const SAVED_MAX = 10;

/** When to ask a second replica because the first is slow. */
export class Hedging {
  readonly #latencyMs = new Map<NodeId, number>();
  #saved = SAVED_MAX;

  /** Called once for each call that could be hedged. */
  delayMs(node: NodeId): number {
    this.#saved = Math.min(SAVED_MAX, this.#saved + SHARE_MAX);
    return Math.max(FLOOR_MS, SLOWNESS * (this.#latencyMs.get(node) ?? 0));
  }

  /** Whether there is one to spend; spends it. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }

  answered(node: NodeId, latencyMs: number): void {
    const mean = this.#latencyMs.get(node);
    this.#latencyMs.set(node, mean === undefined ? latencyMs : mean + WEIGHT * (latencyMs - mean));
  }
}
