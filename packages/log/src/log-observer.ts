/** Told of what a process's writers do, for its metrics. */
export type LogObserver = {
  /** An entry is durable; the time is from the first attempt to the server's answer. */
  readonly published: (entry: {
    readonly seconds: number;
    readonly bytes: number;
    readonly operations: number;
  }) => void;
  /** The server did not answer, or refused for now: the entry is published again. */
  readonly retried: () => void;
  /** So many more (or fewer) operations wait or are in flight. */
  readonly pending: (change: number) => void;
};

export const NOBODY: LogObserver = {
  published: () => undefined,
  retried: () => undefined,
  pending: () => undefined,
};
