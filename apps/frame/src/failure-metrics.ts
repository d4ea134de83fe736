import { failures, type FailureType } from '@vectorizer/errors';
import { counter } from '@vectorizer/telemetry';

const errors = counter({
  name: 'vectorizer_api_errors_total',
  help: 'Answered errors',
  labelNames: ['endpoint', 'error_type', 'status_code'] as const,
});

const rejections = counter({
  name: 'vectorizer_limit_rejections_total',
  help: 'Requests refused for their size or for load, by the type of the failure',
  labelNames: ['reason'] as const,
});
/** The statuses of a limit: too large, too many. */
const LIMIT_STATUSES: ReadonlySet<number> = new Set([413, 429, 431]);
// Shown before there are any, so that their first is seen as a rise.
for (const [reason, { http }] of Object.entries(failures)) if (LIMIT_STATUSES.has(http)) rejections.inc({ reason }, 0);

type Counted = { readonly endpoint: string; readonly type: FailureType; readonly status: number };

/** `endpoint`: the route's pattern, or `unknown` where there is none. */
export function countFailure({ endpoint, type, status }: Counted): void {
  errors.inc({ endpoint, error_type: type, status_code: status });
  if (LIMIT_STATUSES.has(status)) rejections.inc({ reason: type });
}
