import type { Logger } from '../logging/logger.ts';
import type { HeadSampler } from './head-sampler.ts';

/** A receiver that is away is told of so often. */
const TELL_MS = 600_000;

type Told = { readonly logger: Logger; readonly now?: () => number };

/**
 * What becomes of an export that failed: nothing more is drawn for a while, so that a receiver that is not there costs next to
 * nothing, and now and then a line says so.
 */
export function onFailedExport(
  sampler: HeadSampler | undefined,
  { logger, now = () => performance.now() }: Told,
): (error: unknown) => void {
  let toldMs = -Infinity;
  return (error) => {
    sampler?.rest();
    if (now() - toldMs < TELL_MS) return;
    toldMs = now();
    logger.warn({ err: error }, 'spans were not exported');
  };
}
