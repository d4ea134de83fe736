import type { Transport } from './transport.ts';
import type { CallOptions } from './types.ts';

const PATH = '/api/v1/events';
const LETTERS = `${PATH}/dead-letters`;

/** An event that was refused, and why. */
export type DeadLetterSummary = {
  readonly sequence: number;
  readonly at: string;
  readonly error: {
    readonly type: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
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

/** What became of events that were published to NATS. */
export class EventsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** All dead letters, oldest first, page by page. */
  async *deadLetters(options: CallOptions = {}): AsyncGenerator<DeadLetterSummary> {
    let after: number | null = 0;
    while (after !== null) {
      const path: string = `${LETTERS}?after=${after}`;
      const page: { dead_letters: DeadLetterSummary[]; next: number | null } = await this.#transport.request({
        method: 'GET',
        path,
        retry: 'always',
        signal: options.signal,
      });
      yield* page.dead_letters;
      after = page.next;
    }
  }

  async deadLetter(sequence: number, options: CallOptions = {}): Promise<DeadLetter> {
    return this.#transport.request({
      method: 'GET',
      path: `${LETTERS}/${sequence}`,
      retry: 'always',
      signal: options.signal,
    });
  }

  /** Publishes it again; answers the event's new sequence. */
  async retry(sequence: number, options: CallOptions = {}): Promise<number> {
    const path = `${LETTERS}/${sequence}/retry`;
    const call = { method: 'POST', path, retry: 'refused', signal: options.signal } as const;
    return (await this.#transport.request<{ event_sequence: number }>(call)).event_sequence;
  }

  async drop(sequence: number, options: CallOptions = {}): Promise<void> {
    await this.#transport.request({
      method: 'DELETE',
      path: `${LETTERS}/${sequence}`,
      retry: 'refused',
      signal: options.signal,
    });
  }

  /** Waits until the event of this sequence is written; the token lets whoever sends it read that. */
  async token(collection: string, sequence: number, options: CallOptions = {}): Promise<string> {
    const path = `${PATH}/${sequence}/token?collection=${encodeURIComponent(collection)}`;
    const call = { method: 'GET', path, retry: 'always', signal: options.signal } as const;
    return (await this.#transport.request<{ token: string }>(call)).token;
  }
}
