import { failureTypes, isFailureType, type FailureType } from './failure-types.ts';

/** Of the client's own: no answer came, or none within the time. */
type NoAnswer = 'connection_failed' | 'timeout';

export type ErrorParts = {
  readonly type: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly correlationId: string | undefined;
};

/** What the client throws: the server's failure, or that none of its answers arrived. */
export class VectorizerError extends Error {
  override readonly name = 'VectorizerError';
  /** The failure's stable type; `connection_failed` or `timeout` when no answer came, `unknown` when it was not a server of ours. */
  readonly type: FailureType | NoAnswer | 'unknown' | (string & {});
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  /** Under which the server's log lines are found. */
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
    return isFailureType(this.type) ? failureTypes[this.type] : [429, 502, 503, 504].includes(this.status);
  }

  static connection(cause: unknown): VectorizerError {
    const message = cause instanceof Error ? cause.message : String(cause);
    const parts = { type: 'connection_failed', status: 0, details: { code: codeOf(cause) }, correlationId: undefined };
    return new VectorizerError(`no answer: ${message}`, parts, { cause });
  }

  static timeout(afterMs: number): VectorizerError {
    const parts = { type: 'timeout', status: 0, details: { after_ms: afterMs }, correlationId: undefined };
    return new VectorizerError(`no answer within ${Math.round(afterMs)} ms`, parts);
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

/** That of the system's error; `fetch` has it one level down. */
function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined;
  if ('code' in cause) return String(cause.code);
  return 'cause' in cause ? codeOf(cause.cause) : undefined;
}
