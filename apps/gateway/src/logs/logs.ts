import { limits, requestLines, type Bus, type CallContext, type LogLine } from '@vectorizer/contracts';

export type LogsAnswer = {
  readonly correlation_id: string;
  /** Processes that answered, and that are there and did not: what those remember is missing. */
  readonly processes: number;
  readonly unanswered: number;
  /** By time; `process` is where it was written. */
  readonly lines: readonly (LogLine & { readonly process: string })[];
};

/** What every process has written about one request. */
export class Logs {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async of(correlationId: string, context: CallContext): Promise<LogsAnswer> {
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
