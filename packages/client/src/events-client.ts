import { get, once } from './calls.ts';
import type { Transport } from './http/transport.ts';
import { path } from './paths.ts';
import type { AskOptions, CallOptions } from './types/options.ts';

const LETTERS = path('events', 'dead-letters');

/** An event that was refused, and why. */
export type DeadLetterSummary = {
  readonly sequence: number;
  readonly at: string;
  readonly error: {
    readonly type: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
  /** Who published it, as the audit log names them: `key:ID`, `open:anybody` or `unknown`. */
  readonly actor: string;
  readonly event: { readonly sequence: number; readonly subject: string; readonly at: string; readonly bytes: number };
};
export type DeadLetter = DeadLetterSummary & {
  readonly event: {
    readonly headers: Readonly<Record<string, string>>;
    /** Null where it is no text. */
    readonly body: string | null;
    readonly body_base64: string;
  };
};
export type DeadLetterPage = { readonly dead_letters: readonly DeadLetterSummary[]; readonly next: number | null };

/** What became of events that were published to NATS. */
export class EventsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A page of dead letters, oldest first; `next` is the `after` of the one after it. */
  async deadLetterPage(
    page: { readonly after?: number | undefined; readonly limit?: number | undefined } = {},
    options?: CallOptions,
  ): Promise<DeadLetterPage> {
    return get(this.#transport, LETTERS, { query: page, options });
  }

  /** All dead letters, oldest first, page by page. */
  async *deadLetters(options?: CallOptions): AsyncGenerator<DeadLetterSummary> {
    let after: number | null = 0;
    while (after !== null) {
      const page: DeadLetterPage = await this.deadLetterPage({ after }, options);
      yield* page.dead_letters;
      after = page.next;
    }
  }

  async deadLetter(sequence: number, options?: CallOptions): Promise<DeadLetter> {
    return get(this.#transport, of(sequence), { options });
  }

  /** Publishes it again; answers the event's new sequence. */
  async retry(sequence: number, options?: CallOptions): Promise<number> {
    const call = ['POST', `${of(sequence)}/retry`] as const;
    return (await once<{ event_sequence: number }>(this.#transport, call, { options })).event_sequence;
  }

  async drop(sequence: number, options?: CallOptions): Promise<void> {
    await once(this.#transport, ['DELETE', of(sequence)], { options });
  }

  /** Waits until the event of this sequence is written; the token lets whoever sends it read that. */
  async token(collection: string, sequence: number, options?: AskOptions): Promise<string> {
    const query = { collection, timeout_ms: options?.timeoutMs };
    return (await get<{ token: string }>(this.#transport, path('events', sequence, 'token'), { query, options })).token;
  }
}

function of(sequence: number): string {
  return `${LETTERS}/${sequence}`;
}
