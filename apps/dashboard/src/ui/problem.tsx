import type { ReactElement } from 'react';
import { ApiError } from '../api/call.ts';
import { linkTo } from './route.ts';

/** What went wrong, and by which id to find it in the logs. */
export function Problem({ error }: { readonly error: unknown }): ReactElement {
  const message = error instanceof Error ? error.message : String(error);
  const id = error instanceof ApiError ? error.correlationId : null;
  return (
    <div className="problem" role="alert">
      <p>
        {error instanceof ApiError && <code>{error.type}</code>} {message}
      </p>
      {id !== null && (
        <p>
          <a href={linkTo('logs', id)}>What was written about it</a>
        </p>
      )}
    </div>
  );
}
