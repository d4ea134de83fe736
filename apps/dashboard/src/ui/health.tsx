import type { ReactElement } from 'react';
import { useAsked } from './use-asked.ts';

const ASK_MS = 5_000;
/** What is not well is told with this. */
const DEGRADED = [503];

type Checked = { readonly status: 'healthy' | 'degraded'; readonly failed_checks: readonly string[] };

/** Whether the whole is well, by the gateway's word, and what is not. */
export function Health(): ReactElement | null {
  const { body, error } = useAsked<Checked>('/health', ASK_MS, DEGRADED);
  if (body === undefined || error !== undefined) return null;
  const { status, failed_checks: failed } = body;
  return (
    <p className={`connection is-${status}`} role="status">
      <span className="mark" aria-hidden="true" />
      {status === 'healthy' ? 'Healthy' : `Degraded: ${failed.join(', ')}`}
    </p>
  );
}
