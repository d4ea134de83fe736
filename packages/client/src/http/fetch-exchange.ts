import type { Exchange } from './exchange.ts';

/** What of `fetch` is used, so that any implementation of it will do. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; signal: AbortSignal; body?: string },
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
      const init = { method, headers: { ...headers }, signal, ...(body !== undefined && { body }) };
      const reply = await fetch(url, init);
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
