export { Log, oldestMissing, type LogState } from './log.ts';
export { endReaching, refuseAhead, shortMsMax, type LogEnd } from './log-end.ts';
export type { Origin } from './origin.ts';
export type { LogMessage, ReadOptions } from './log-reader.ts';
export type { LogWriter } from './log-writer.ts';
export type { LogObserver } from './log-observer.ts';
