import {
  replicationEvent,
  replicationEvents,
  type Bus,
  type CallContext,
  type ReplicationEvent,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** Streams that are open at once, and events that are kept so that they need not be asked for. */
const STREAMS_MAX = 256;
const RECENT_MAX = 256;
/** Without any event, so that proxies keep the connection and both sides notice when it is gone. */
const KEEP_ALIVE_MS = 15_000;
const CALL_MS_MAX = 5_000;

/**
 * The replication events as server-sent events, for any number of clients up to a bound. A stream asks for events when its
 * client has taken the last ones, so a slow client costs no memory: what it has missed is still in the journal.
 */
export class EventFeed {
  readonly #bus: Bus;
  readonly #keepAliveMs: number;
  /** The newest events, without a gap, oldest first. */
  #recent: ReplicationEvent[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #closing = new AbortController();
  #streams = 0;

  /** `keepAliveMs`: after so long without any event the client hears that, and the journal is asked. */
  constructor(bus: Bus, keepAliveMs = KEEP_ALIVE_MS) {
    this.#bus = bus;
    this.#keepAliveMs = keepAliveMs;
    bus.listen(replicationEvent, (event) => {
      if (this.#recent.at(-1)?.number !== event.number - 1) this.#recent = [];
      this.#recent.push(event);
      if (this.#recent.length > RECENT_MAX) this.#recent.shift();
      for (const resolve of this.#waiting) resolve();
    });
  }

  /**
   * The text of a stream: every event after `after`, or from now on without it. Throws `overloaded`, before the first text,
   * when too many streams are open.
   */
  async open(
    after: number | undefined,
    context: CallContext,
    isWanted: Heard['isWanted'] = () => true,
  ): Promise<AsyncIterable<string>> {
    if (this.#streams >= STREAMS_MAX) throw new Failure('overloaded', 'too many streams of events are open');
    const { last } = await this.#bus.call(replicationEvents, { after: Number.MAX_SAFE_INTEGER }, { context });
    return this.#text({ after: after ?? last, isWanted }, last, context.correlationId);
  }

  /** Ends all streams: their clients come back, to another gateway. Called by Nest before the server closes. */
  onModuleDestroy(): void {
    this.#closing.abort();
    for (const resolve of this.#waiting) resolve();
  }

  async *#text({ after, isWanted }: Heard, last: number, correlationId: string): AsyncGenerator<string> {
    this.#streams += 1;
    try {
      // A number that was never given out is of another life of the cluster.
      let told = after > last ? 0 : after;
      // Whoever is cut off before the first event comes back with the number that this begins after, and misses nothing.
      yield `retry: 1000\nid: ${told}\n\n`;
      let hadSilence = false;
      while (!this.#closing.signal.aborted) {
        const heard = this.#wait();
        try {
          const events: readonly ReplicationEvent[] = await (hadSilence
            ? this.#ask(told, correlationId)
            : this.#after(told, correlationId));
          const [first] = events;
          if (first !== undefined && first.number > told + 1) yield gap(told, first.number);
          for (const event of events.filter(isWanted)) yield textOf(event);
          told = events.at(-1)?.number ?? told;
          hadSilence = events.length === 0 && !(await heard.within(this.#keepAliveMs));
          if (hadSilence) yield ': nothing new\n\n';
        } finally {
          heard.cancel();
        }
      }
    } finally {
      this.#streams -= 1;
    }
  }

  async #after(told: number, correlationId: string): Promise<readonly ReplicationEvent[]> {
    const [oldest] = this.#recent;
    if (oldest !== undefined && oldest.number <= told + 1) return this.#recent.filter(({ number }) => number > told);
    return this.#ask(told, correlationId);
  }

  /** The journal knows what was announced and not heard. */
  async #ask(told: number, correlationId: string): Promise<readonly ReplicationEvent[]> {
    const context = { correlationId, deadline: Date.now() + CALL_MS_MAX };
    const { events } = await this.#bus.call(replicationEvents, { after: told }, { context });
    return events;
  }

  /** Begun before the look, so that what is announced meanwhile is not missed. */
  #wait(): { within(ms: number): Promise<boolean>; cancel(): void } {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const wake = (): void => resolve(true);
    this.#waiting.add(wake);
    return {
      within: async (ms) => {
        const timer = setTimeout(resolve, ms, false);
        try {
          return await promise;
        } finally {
          clearTimeout(timer);
        }
      },
      cancel: () => this.#waiting.delete(wake),
    };
  }
}

type Heard = { readonly after: number; readonly isWanted: (event: ReplicationEvent) => boolean };

function textOf(event: ReplicationEvent): string {
  return `id: ${event.number}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Events that are forgotten: the client has missed something, and is told. */
function gap(told: number, next: number): string {
  return `event: gap\ndata: ${JSON.stringify({ from: told + 1, to: next - 1 })}\n\n`;
}
