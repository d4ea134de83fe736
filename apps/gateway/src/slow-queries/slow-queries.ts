import {
  inOrder,
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

  async find(asked: SlowQueriesQuery, context: CallContext): Promise<Answer<'SlowQueries'>> {
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
