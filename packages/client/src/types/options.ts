/** Until where a write is carried before it is answered: it is durable, one replica of each shard has applied it, all have. */
export type Wait = 'logged' | 'applied' | 'replicated';
export type Consistency = 'eventual' | 'session' | 'bounded' | 'strong';

/** Every call takes these. */
export type CallOptions = {
  /** Gives up on the call, also between attempts: it throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long it may take with all its attempts. */
  readonly deadlineMs?: number | undefined;
  /** Under which the server's log lines about it are found; one is made without it. */
  readonly correlationId?: string | undefined;
};

export type WriteOptions = CallOptions & {
  /** `applied` unless given. */
  readonly wait?: Wait | undefined;
  /** How long the server may take for one attempt (10,000). */
  readonly timeoutMs?: number | undefined;
  /** A retry by hand with the same key gets the first answer. The client's own retries do so anyway. */
  readonly idempotencyKey?: string | undefined;
};

/** What a read of points demands. */
export type ReadInput = {
  /** `session` unless given: at least what this client has seen. */
  readonly consistency?: Consistency | undefined;
  /** With `bounded`: how old the state that is read may be. */
  readonly max_lag_ms?: number | undefined;
  readonly timeout_ms?: number | undefined;
};

/** Of routes that ask several processes: how long those may take. */
export type AskOptions = CallOptions & { readonly timeoutMs?: number | undefined };
