import type { Ask, Exchange } from './exchange.ts';

/** What of `fetch` is used, so that any implementation of it will do. */
export type Fetch = (
  url: string,
  init: {
    method: string;
    headers: Record<string, string>;
    signal: AbortSignal;
    body?: string | ReadableStream<Uint8Array>;
    /** With a stream. */
    duplex?: 'half';
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | object | null;
  text(): Promise<string>;
}>;

/** For runtimes without Node's HTTP client, and for callers who bring a `fetch` of their own. */
export function fetchExchange(fetch: Fetch): Exchange {
  return {
    async send({ url, method, headers, body, signal }) {
      const reply = await fetch(url, { method, headers: { ...headers }, signal, ...bodyOf(body) });
      return {
        status: reply.status,
        header: (name) => reply.headers.get(name) ?? undefined,
        text: async () => reply.text(),
        bytes: () => bytesOf(reply.body),
      };
    },
    close: () => undefined,
  };
}

type Body = { readonly body?: string | ReadableStream<Uint8Array>; readonly duplex?: 'half' };

function bodyOf(body: Ask['body']): Body {
  if (body === undefined) return {};
  if (typeof body === 'string') return { body };
  const pieces = body[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    async pull(taker) {
      const { done, value } = await pieces.next();
      if (done === true) taker.close();
      else taker.enqueue(value);
    },
    async cancel() {
      await pieces.return?.();
    },
  });
  return { body: stream, duplex: 'half' };
}

type Reader = {
  getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }>; cancel(): Promise<void> };
};

/** Not every runtime's stream can be iterated. */
async function* bytesOf(body: AsyncIterable<Uint8Array> | object | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  if (Symbol.asyncIterator in body) {
    yield* body;
    return;
  }
  const reader = (body as Reader).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    await reader.cancel();
  }
}
