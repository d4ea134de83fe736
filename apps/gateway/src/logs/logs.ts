import { limits, requestLines, type Answer, type Bus, type CallContext, type LogLine } from '@vectorizer/contracts';

/** What every process has written about one request. */
export class Logs {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async of(correlationId: string, context: CallContext): Promise<Answer<'Logs'>> {
    const asked = { correlation_id: correlationId, limit: limits.logLinesMax };
    const { answers, unanswered } = await this.#bus.callAll(requestLines, asked, { context });
    const lines = answers.flatMap(({ place, lines: texts }) =>
      texts.map((text) => ({ ...(JSON.parse(text) as LogLine), process: place })),
    );
    return {
      correlation_id: correlationId,
      processes: answers.length,
      unanswered,
      lines: lines.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).slice(0, limits.logLinesMax),
    };
  }
}
