import { logLevelChange, type Bus, type LogLevelChange } from '@vectorizer/contracts';
import { setLogLevel, type Logger, type LogLevel } from '@vectorizer/telemetry';

type Parts = {
  readonly bus: Pick<Bus, 'listen'>;
  readonly service: string;
  readonly logger: Logger;
  readonly level: LogLevel;
};

/**
 * Lets the level of this process's log be changed by whoever says so on the bus. One that is given for a while gives way to
 * the one that was last set for good.
 */
export function followLogLevel({ bus, service, logger, level: configured }: Parts): void {
  let timer: NodeJS.Timeout | undefined;
  let lasting = configured;
  const set = (level: LogLevel, why: Partial<LogLevelChange>): void => {
    const before = logger.level;
    // Told while the line is heard: by the one that says more.
    if (!logger.isLevelEnabled('info')) setLogLevel(logger, level);
    logger.info({ ...why, level_before: before, level_now: level }, 'the level of the log is changed');
    setLogLevel(logger, level);
  };
  bus.listen(logLevelChange, (change) => {
    if (change.service !== undefined && change.service !== service) return;
    clearTimeout(timer);
    set(change.level, { ...(change.for_s !== undefined && { for_s: change.for_s }) });
    if (change.for_s === undefined) lasting = change.level;
    else timer = setTimeout(() => set(lasting, {}), change.for_s * 1_000).unref();
  });
}
