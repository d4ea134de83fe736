import { failures, isFailureType, type FailureType, type OnReplay } from './failures.ts';

/** A failure as it travels between services and, with a correlation id, to HTTP clients. */
export type WireFailure = {
  readonly type: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** An expected failure. A bug is an assertion error, and is not one of these. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly type: FailureType;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(type: FailureType, message: string, options: ErrorOptions & { details?: Record<string, unknown> } = {}) {
    super(message, options);
    this.type = type;
    this.details = options.details ?? {};
  }

  get http(): number {
    return failures[this.type].http;
  }

  get retryable(): boolean {
    return failures[this.type].retryable;
  }

  get onReplay(): OnReplay {
    return failures[this.type].onReplay;
  }

  /** Anything caught becomes a Failure; what was not foreseen is an internal error whose cause is kept for the log. */
  static from(cause: unknown): Failure {
    return cause instanceof Failure ? cause : new Failure('internal_error', 'unexpected failure', { cause });
  }

  /** An unknown type from a newer peer becomes an internal error. */
  static fromWire(wire: WireFailure): Failure {
    return new Failure(isFailureType(wire.type) ? wire.type : 'internal_error', wire.message, {
      details: { ...wire.details },
    });
  }

  toWire(): WireFailure & { readonly type: FailureType } {
    return { type: this.type, message: this.message, details: this.details };
  }
}
