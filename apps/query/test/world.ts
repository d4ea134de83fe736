import {
  search,
  type CacheNote,
  type CollectionRecord,
  type Hit,
  type ReplicaReport,
  type SearchAnswer,
  type SearchSpec,
} from '@vectorizer/contracts';
import type { z } from 'zod';
import { beat, context, report, serveNode, type Setting } from './fixture.ts';

type Noted = Omit<SearchAnswer, 'stages' | 'cache'> & { readonly cache: CacheNote };
type Asked = Partial<Omit<z.output<typeof search.input>, 'searches' | 'uid'>>;

export const vector = Float32Array.of(1, 0);
export const spec = (other: Partial<SearchSpec> = {}): SearchSpec => ({
  vector,
  k: 3,
  with_payload: false,
  with_vector: false,
  ...other,
});
export const hit = (id: string, payload = ''): Hit => ({ id, score: 0.5, version: 1, payload });

/** Searches of a collection, at `eventual` unless asked otherwise. */
export async function ask(
  bus: Setting['bus'],
  { uid }: CollectionRecord,
  { searches = [spec()], ms = 5_000, ...asked }: Asked & { searches?: SearchSpec[]; ms?: number } = {},
): Promise<Noted> {
  const input = { uid, consistency: 'eventual' as const, ...asked, searches };
  const { stages: _, cache, ...answer } = await bus.call(search, input, { context: context(ms) });
  if (cache === undefined) throw new Error('the answer does not say how it came about');
  return { ...answer, cache };
}

/** A collection of one shard, on a node that answers each search with the state that it is at. */
export class World {
  readonly record: CollectionRecord;
  state = 5;
  /** How many searches have reached the node. */
  searched = 0;
  /** What the next calls of the node wait for. */
  readonly gates: Promise<void>[] = [];
  hits: readonly Hit[] | undefined;
  /** What a search takes the node. */
  slowMs = 0;
  readonly #bus: Setting['bus'];
  readonly #node: string;

  constructor(bus: Setting['bus'], record: CollectionRecord, node = 'a') {
    this.#bus = bus;
    this.#node = node;
    this.record = record;
    serveNode(bus, node).search = async ({ searches }) => {
      const { state } = this;
      this.searched += searches.length;
      await this.gates.shift();
      if (this.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.slowMs));
      const hits = this.hits ?? [hit(`at-${state}`)];
      return { sequence: state, results: searches.map(() => ({ hits, warnings: [] })) };
    };
  }

  /** The query service hears where the node is, and how. */
  async heard(phase: ReplicaReport['phase'] = 'following'): Promise<void> {
    await beat(this.#bus, { ...report(this.record, { node: this.#node }), phase, applied_sequence: this.state });
  }

  async ask(asked: Asked = {}, searches = [spec()], ms = 5_000): Promise<Noted> {
    return ask(this.#bus, this.record, { ...asked, searches, ms });
  }

  /** Of a search alone. */
  async status(other: Partial<SearchSpec> = {}, asked: Asked = {}): Promise<string> {
    return (await this.ask(asked, [spec(other)])).cache.status;
  }
}

export async function openWorld(setting: Setting): Promise<World> {
  const world = new World(setting.bus, await setting.collection([['a']]));
  await world.heard();
  return world;
}
