import { progress, type Bus, type CollectionUid, type NodeId } from '@vectorizer/contracts';

/** What was applied is told at once, but no more often than this. */
const INTERVAL_MS = 20;

type Applied = { readonly uid: CollectionUid; readonly shard: number; readonly sequence: number };

/**
 * Tells everybody how far the replicas of a node have applied their logs, soon after they have gone on. Heartbeats say it,
 * too, with all else that there is to say, and so rarely that readers would take old answers for current ones.
 */
export class Progress {
  readonly #bus: Bus;
  readonly #node: NodeId;
  /** By replica; those that have gone on since the last telling. */
  readonly #news = new Map<string, Applied>();
  #timer: NodeJS.Timeout | undefined;
  #toldAtMs = -Infinity;
  #stopped = false;

  constructor(bus: Bus, node: NodeId) {
    this.#bus = bus;
    this.#node = node;
  }

  readonly applied = (applied: Applied): void => {
    if (this.#stopped) return;
    this.#news.set(`${applied.uid}.${applied.shard}`, applied);
    const waitMs = Math.max(0, this.#toldAtMs + INTERVAL_MS - performance.now());
    this.#timer ??= setTimeout(() => this.#tell(), waitMs).unref();
  };

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #tell(): void {
    this.#timer = undefined;
    this.#toldAtMs = performance.now();
    const applied = [...this.#news.values()];
    this.#news.clear();
    this.#bus.announce(progress, { node: this.#node, applied });
  }
}
