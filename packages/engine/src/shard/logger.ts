/** What the engine needs of a logger; pino's fits. */
export type EngineLogger = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** For a caller that does not listen. */
export const silent: EngineLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };
