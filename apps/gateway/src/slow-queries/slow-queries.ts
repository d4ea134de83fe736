import {
  inOrder,
  slowQueries,
  type Bus,
  type CallContext,
  type SlowQueriesQuery,
  type SlowQuery,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

export type SlowQueriesAnswer = {
  /** What counts as slow: the lowest of the processes' thresholds. */
  readonly threshold_ms: number;
  /** Query processes that answered, and that are there and did not: what those remember is missing. */
  readonly processes: number;
  readonly unanswered: number;
  readonly queries: readonly SlowQuery[];
};

/** The reads that took long, gathered from every query process. */
export class SlowQueries {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async find(asked: SlowQueriesQuery, context: CallContext): Promise<SlowQueriesAnswer> {
    const { answers, unanswered } = await this.#bus.callAll(slowQueries, asked, { context });
    if (answers.length === 0) throw new Failure('service_unavailable', 'no query process answers');
    return {
      threshold_ms: Math.min(...answers.map((answer) => answer.threshold_ms)),
      processes: answers.length,
      unanswered,
      queries: inOrder(
        answers.flatMap(({ queries }) => queries),
        asked,
      ),
    };
  }
}
