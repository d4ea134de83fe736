import { authorization, isKeyAskedFor } from './key.ts';

/** An error as the API answers it: one shape for all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly type: string;
  readonly correlationId: string | null;

  constructor(
    message: string,
    about: { readonly status: number; readonly type: string; readonly correlationId: string | null },
  ) {
    super(message);
    this.status = about.status;
    this.type = about.type;
    this.correlationId = about.correlationId;
  }
}

export type Call = {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Answers for the caller to read, though they are no success. */
  readonly accept?: readonly number[];
};
export type Answer<Body> = { readonly body: Body; readonly headers: Headers; readonly ms: number };

/** Calls the API with the key that there is. Throws an `ApiError` for whatever is not an answer. */
export async function call<Body>(path: string, options: Call = {}): Promise<Answer<Body>> {
  const start = performance.now();
  const response = await send(path, options);
  const body = (await response.json()) as Body;
  return { body, headers: response.headers, ms: performance.now() - start };
}

/** The response itself, for those that read it as it comes. */
export async function send(path: string, options: Call): Promise<Response> {
  const { method = 'GET', body, headers, signal, accept = [] } = options;
  const response = await fetch(path, {
    method,
    headers: {
      ...authorization(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
    credentials: 'omit',
    cache: 'no-store',
  });
  if (response.ok || accept.includes(response.status)) return response;
  if (response.status === 401) isKeyAskedFor.set(true);
  throw await errorOf(response);
}

type ErrorBody = { readonly error?: { readonly type?: string; readonly message?: string } };

async function errorOf(response: Response): Promise<ApiError> {
  const { status } = response;
  const correlationId = response.headers.get('x-correlation-id');
  // A proxy between may answer anything.
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  const { type = 'unknown', message = `the server answered ${status}` } = body.error ?? {};
  return new ApiError(message, { status, type, correlationId });
}
