import { failures, isFailureType } from '@vectorizer/errors';

export type ErrorParts = {
  /** The failure's stable type, or `connection_failed` when no answer came. */
  readonly type: string;
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  /** Under which the server's log lines are found. */
  readonly correlationId: string | undefined;
};

/** What the client throws: the server's failure, or that none of its answers arrived. */
export class VectorizerError extends Error {
  override readonly name = 'VectorizerError';
  readonly type: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly correlationId: string | undefined;

  constructor(message: string, parts: ErrorParts, options: ErrorOptions = {}) {
    super(message, options);
    this.type = parts.type;
    this.status = parts.status;
    this.details = parts.details;
    this.correlationId = parts.correlationId;
  }

  /** Whether the same request may succeed later. */
  get retryable(): boolean {
    if (this.status === 0) return true;
    return isFailureType(this.type) ? failures[this.type].retryable : this.status === 429 || this.status === 503;
  }

  static connection(cause: unknown): VectorizerError {
    const message = cause instanceof Error ? cause.message : String(cause);
    const parts = { type: 'connection_failed', status: 0, details: { code: codeOf(cause) }, correlationId: undefined };
    return new VectorizerError(`no answer: ${message}`, parts, { cause });
  }

  /** From an answer's body, also one that is not ours (a proxy's page). */
  static answer(status: number, body: string): VectorizerError {
    const { type, message, details, correlation_id: id } = errorIn(body);
    const parts = { type: type ?? 'unknown', status, details: details ?? {}, correlationId: id };
    return new VectorizerError(message ?? `HTTP ${status}: ${body.slice(0, 200)}`, parts);
  }
}

type WireError = {
  readonly type?: string;
  readonly message?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly correlation_id?: string;
};

function errorIn(body: string): WireError {
  try {
    const parsed = JSON.parse(body) as { readonly error?: WireError } | null;
    return typeof parsed?.error === 'object' ? parsed.error : {};
  } catch {
    return {};
  }
}

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return undefined;
  return String(cause.code);
}
