import {
  count,
  read,
  scroll,
  search,
  type Bus,
  type CallContext,
  type CollectionRecord,
  type CountAnswer,
  type CountBody,
  type GetBody,
  type PointsAnswer,
  type ScrollAnswer,
  type ScrollBody,
  type SearchAnswer,
  type SearchSpec,
} from '@vectorizer/contracts';
import type { z } from 'zod';
import type { Demand } from '../sessions.ts';

/** Everything about a read but what is read. */
export type ReadCall = {
  readonly collection: CollectionRecord;
  readonly demand: Demand;
  readonly context: CallContext;
};

type Asked<Body extends z.ZodType> = Omit<z.output<Body>, 'consistency' | 'timeout_ms'>;

/** Reads through the query service, as parsed bodies ask for them. */
export class Reads {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async search(searches: SearchSpec[], { collection, demand, context }: ReadCall): Promise<SearchAnswer> {
    return this.#bus.call(search, { uid: collection.uid, ...demand, searches }, { context });
  }

  async points(asked: Asked<typeof GetBody>, { collection, demand, context }: ReadCall): Promise<PointsAnswer> {
    return this.#bus.call(read, { uid: collection.uid, ...demand, ...asked }, { context });
  }

  async scroll(asked: Asked<typeof ScrollBody>, { collection, demand, context }: ReadCall): Promise<ScrollAnswer> {
    return this.#bus.call(scroll, { uid: collection.uid, ...demand, ...asked }, { context });
  }

  async count(asked: Asked<typeof CountBody>, { collection, demand, context }: ReadCall): Promise<CountAnswer> {
    return this.#bus.call(count, { uid: collection.uid, ...demand, ...asked }, { context });
  }
}
