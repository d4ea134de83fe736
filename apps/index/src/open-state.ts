import type { CollectionRecord, NodeId } from '@vectorizer/contracts';
import { Shard, type Gpu } from '@vectorizer/engine';
import type { Failure } from '@vectorizer/errors';
import type { LogMessage } from '@vectorizer/log';
import { applyEntry } from './apply-entry.ts';
import { hasCaughtUp } from './caught-up.ts';
import { Checkpoints } from './checkpoints.ts';
import type { ReplicaPlace } from './full-sync.ts';
import { Lateness } from './lateness.ts';
import { beginOpening, type Opening } from './opening.ts';
import type { ReadGate } from './read-gate.ts';

export type OpenStateOptions = {
  readonly place: ReplicaPlace;
  readonly node: NodeId;
  readonly record: CollectionRecord;
  readonly gpu: Gpu;
  readonly gate: ReadGate;
  /** As they are declared now: they may be declared anew while the shard is opened. */
  readonly payloadIndexes: () => CollectionRecord['payload_indexes'];
  /** Aborted when it need not be opened any more. */
  readonly signal: AbortSignal;
  /** The shard cannot go on by itself. */
  readonly onFailure: (failure: Failure, ending: AbortSignal) => void;
  /** Told when reads see a later state. */
  readonly onShown: (sequence: number) => void;
};

/** One state of a replica, from the opening of its shard until another state takes its place or the replica closes. */
export class OpenState {
  readonly shard: Shard;
  readonly #options: OpenStateOptions;
  readonly #ending: AbortController;
  readonly #opening: Opening;
  readonly #lateness = new Lateness();
  readonly #checkpoints = new Checkpoints();
  #shown: boolean;
  /** The entry in hand. */
  #applying: Promise<unknown> | undefined;

  private constructor(options: OpenStateOptions, opened: Opened) {
    this.#options = options;
    this.shard = opened.shard;
    this.#ending = opened.ending;
    this.#opening = opened.opening;
    this.#shown = opened.shown;
  }

  /** Throws what the engine throws of damaged state. */
  static async open(options: OpenStateOptions): Promise<OpenState> {
    const { place, record, gpu, payloadIndexes, signal, onFailure } = options;
    const { directory, turns, logger } = place;
    const ending = new AbortController();
    const opening = await beginOpening(directory, signal);
    const shard = await Shard.open({
      directory,
      kind: record.config.kind,
      dimension: record.config.dimension,
      metric: record.config.metric,
      hnsw: record.config.hnsw,
      payloadIndexes: payloadIndexes(),
      quantization: record.config.quantization,
      gpu,
      turns,
      logger,
      onFailure: (failure) => onFailure(failure, ending.signal),
    });
    const shown = await hasCaughtUp(shard.sequence, place);
    shard.declarePayloadIndexes(payloadIndexes());
    return new OpenState(options, { shard, ending, opening, shown });
  }

  /** Whether reads are let in. A state that has never caught up shows nothing of the way there. */
  get shown(): boolean {
    return this.#shown;
  }

  get checkpoints(): Checkpoints['newest'] {
    return this.#checkpoints.newest;
  }

  /** Aborted when no more is to be applied. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get ended(): boolean {
    return this.signal.aborted;
  }

  /** Works in the background from here on, and lets reads in if it may. */
  start(): void {
    this.shard.startBackground();
    this.shard.hurry(this.#lateness.haste);
    if (this.#shown) this.#options.gate.advance(this.shard.sequence);
  }

  async apply(message: LogMessage, clockAheadMs: number): Promise<void> {
    const { node, record, place } = this.#options;
    const applying = applyEntry(this.shard, message, {
      about: { node, collection: record.name, shard: place.shard },
      logger: place.logger,
      onApplied: () => this.#applied(message.sequence),
    });
    this.#applying = applying.catch(() => undefined);
    await applying;
    this.#applying = undefined;
    this.#lateness.passed(message, Date.now() + clockAheadMs);
    this.shard.hurry(this.#lateness.haste);
  }

  /** It has all that its log holds, and follows from here on. Answers whether it is shown only now. */
  caughtUp(): boolean {
    this.#lateness.caughtUp();
    this.shard.hurry(this.#lateness.haste);
    if (this.#shown) return false;
    this.#shown = true;
    this.#show(this.shard.sequence);
    return true;
  }

  /** Work on the shard that `end` aborts and `ReadGate.close` waits for. */
  async use<T>(work: (shard: Shard, signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#options.gate.read({ sequence: 0, deadline: Infinity }, async () => work(this.shard, this.signal));
  }

  /** No more is applied; returns when the entry in hand is. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#applying;
  }

  /** Once nothing uses it any more. */
  async close(): Promise<void> {
    await this.shard.close();
    await this.#opening.over();
  }

  /** Answers whether searches of a replica that follows its log see it. */
  #applied(sequence: number): boolean {
    if (this.ended) return false;
    this.#checkpoints.passed(sequence, () => this.shard.report());
    if (this.#shown) this.#show(sequence);
    return this.#shown && this.#lateness.follows;
  }

  #show(sequence: number): void {
    this.#options.gate.advance(sequence);
    this.#options.onShown(sequence);
  }
}

type Opened = {
  readonly shard: Shard;
  readonly ending: AbortController;
  readonly opening: Opening;
  readonly shown: boolean;
};
