import type { Query, Transport } from './http/transport.ts';
import type { CallOptions } from './types/options.ts';

/** What a call of the part of an API that is not about points consists of. */
type Simple = { readonly query?: Query; readonly body?: unknown; readonly options: CallOptions | undefined };

/** A read: it is harmless to ask twice. */
export async function get<Result>(transport: Transport, path: string, { query, options }: Simple): Promise<Result> {
  return transport.request({ method: 'GET', path, query, retry: 'always', options });
}

/** A change that comes to the same when it is made twice. */
export async function put<Result>(transport: Transport, path: string, { body, options }: Simple): Promise<Result> {
  return transport.request({ method: 'PUT', path, body, retry: 'always', options });
}

/** A change that must not be made twice: sent again only where it was refused before it could have any effect. */
export async function once<Result>(
  transport: Transport,
  [method, path]: readonly ['POST' | 'DELETE', string],
  { query, body, options }: Simple,
): Promise<Result> {
  return transport.request({ method, path, query, body, retry: 'refused', options });
}
