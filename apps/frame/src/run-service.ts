import { Failure } from '@vectorizer/errors';
import { createLogger, stopTracing, type Logger } from '@vectorizer/telemetry';
import { stopSignal } from './stop-signal.ts';

export type RunningService = {
  readonly logger: Logger;
  /** Rejects when it cannot go on, for a reason that is not its fault. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
};

/** A stop that hangs is cut off, so that whoever restarts the process is not kept waiting. */
const STOP_MS_MAX = 30_000;

/**
 * The life of a process: start, serve until told to stop, stop in order. What keeps it from starting is one log line
 * and exit code 1; so is an error that nobody caught, since the state after one is unknown.
 */
export async function runService(service: string, start: () => Promise<RunningService>): Promise<void> {
  let logger = createLogger({ service, level: 'info' });
  const die = (error: unknown): void => {
    logger.fatal({ error }, 'uncaught error');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  // From the first moment on: the first process of a container does not even die of a signal that it does not listen to.
  const told = stopSignal();
  let running: RunningService;
  try {
    const started = await Promise.race([start(), told]);
    if (typeof started === 'string') {
      logger.info({ signal: started }, 'stopped before it had started');
      process.exit();
    }
    running = started;
    logger = running.logger;
  } catch (error) {
    logger.fatal(reasonOf(error), 'cannot start');
    process.exit(1);
  }
  const signal = await Promise.race([told, running.failed]).catch((error: unknown) => {
    logger.fatal(reasonOf(error), 'cannot go on');
    process.exitCode = 1;
    return undefined;
  });
  logger.info({ signal }, 'stopping');
  setTimeout(() => die(new Error(`not stopped within ${STOP_MS_MAX} ms`)), STOP_MS_MAX).unref();
  await running.close();
  await stopTracing();
  logger.info('stopped');
  // Not only by itself: a store that could not be written, as on a full disk, keeps a thread of lmdb's waiting.
  process.exit();
}

/** A failure's message says all; of anything else the stack is wanted. */
function reasonOf(error: unknown): object {
  if (!(error instanceof Failure)) return { error };
  const { message, type, cause } = error;
  return { reason: message, type, ...(cause instanceof Error ? { cause: cause.message } : {}) };
}
