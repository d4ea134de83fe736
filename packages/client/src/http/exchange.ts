/** One HTTP request; its signal ends it, and the reading of its answer. */
export type Ask = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or bytes that are sent as they come; those once only, and no further than an answer that comes before their end. */
  readonly body: string | AsyncIterable<Uint8Array> | undefined;
  readonly signal: AbortSignal;
};

/** The answer once its head has come; the body is read in one of two ways, once. */
export type Reply = {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: () => Promise<string>;
  readonly bytes: () => AsyncIterable<Uint8Array>;
};

/** How requests reach a gateway: by Node's own HTTP client where there is one, by `fetch` elsewhere. */
export type Exchange = {
  readonly send: (ask: Ask) => Promise<Reply>;
  /** Closes idle connections. */
  readonly close: () => void;
};
