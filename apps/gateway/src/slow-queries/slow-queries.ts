import {
  inOrder,
  limits,
  slowQueries,
  type Answer,
  type Bus,
  type CallContext,
  type SlowQueriesQuery,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** The reads that took long, gathered from every query process. */
export class SlowQueries {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Those of collections that whoever asks may see: of each process all are asked for, since others may come before. */
  async find(
    asked: SlowQueriesQuery,
    { context, sees }: { readonly context: CallContext; readonly sees: (collection: string) => boolean },
  ): Promise<Answer<'SlowQueries'>> {
    const all = { ...asked, limit: limits.slowQueriesMax };
    const { answers, unanswered } = await this.#bus.callAll(slowQueries, all, { context });
    if (answers.length === 0) throw new Failure('service_unavailable', 'no query process answers');
    return {
      threshold_ms: Math.min(...answers.map((answer) => answer.threshold_ms)),
      processes: answers.length,
      unanswered,
      queries: inOrder(
        answers.flatMap(({ queries }) => queries.filter(({ collection }) => sees(collection))),
        asked,
      ),
    };
  }
}
