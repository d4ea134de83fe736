import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string };
/** `text` is sent as it is, and the connection is cut after it. */
export type Reply =
  { status: number; body?: unknown; headers?: Record<string, string> } | { text: string } | 'hang up' | 'keep silent';
export type Scripted = AsyncDisposable & { readonly url: string; readonly seen: Seen[] };

/** A server that answers by script, for what a real one will not do on demand. The last reply is given again and again. */
export async function scripted(replies: readonly (Reply | ((seen: Seen) => Reply))[]): Promise<Scripted> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const asked = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      seen.push(asked);
      const reply = replies[Math.min(seen.length, replies.length) - 1] ?? 'hang up';
      answer(response, typeof reply === 'function' ? reply(asked) : reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}`, seen, [Symbol.asyncDispose]: close };
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply === 'keep silent') return;
  if (reply === 'hang up') {
    response.socket?.destroy();
  } else if ('text' in reply) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(reply.text, () => response.socket?.end());
  } else {
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(JSON.stringify(reply.body ?? {}));
  }
}

export function failure(status: number, type: string, headers: Record<string, string> = {}): Reply {
  const body = { error: { type, message: `it is ${type}`, details: { a: 1 }, correlation_id: 'c-1' } };
  return { status, headers, body };
}
