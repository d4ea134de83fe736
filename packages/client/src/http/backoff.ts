/** The longest first wait; doubled after each attempt, up to the longest of all. */
const BACKOFF_MS = 100;
const BACKOFF_MS_MAX = 2_000;

/**
 * How long to wait before another attempt: what the server asks for, and a random part of a time that doubles ("full
 * jitter"), so that clients that were refused together do not come back together.
 */
export function backoffMs(attempt: number, askedMs: number, random: () => number = Math.random): number {
  return askedMs + random() * Math.min(BACKOFF_MS * 2 ** (attempt - 1), BACKOFF_MS_MAX);
}

/** Of a `Retry-After`: seconds, or a date. 0 for what is neither. */
export function retryAfterMs(header: string | undefined, nowMs: number = Date.now()): number {
  if (header === undefined) return 0;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - nowMs : seconds * 1_000;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
