import type { LogLine } from '@vectorizer/contracts';

export type Line = LogLine & { readonly process: string };

export type ShownLine = {
  readonly time: string;
  readonly level: string;
  readonly isBad: boolean;
  readonly service: string;
  readonly process: string;
  readonly message: string;
  /** What the line adds, as `name=value`. */
  readonly fields: string;
};

const BAD = new Set(['warn', 'error', 'fatal']);

export function shownOf({ time, level, service, process, msg, ...others }: Line): ShownLine {
  return {
    // To the millisecond, as lines of one request are close together.
    time: time.slice(11, 23),
    level,
    isBad: BAD.has(level),
    service,
    process,
    message: typeof msg === 'string' ? msg : '–',
    fields: Object.entries(others)
      .filter(([name]) => name !== 'correlation_id')
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' '),
  };
}
