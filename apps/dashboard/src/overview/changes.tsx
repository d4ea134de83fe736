import type { ReactElement } from 'react';
import type { Change } from '../live/changes.ts';
import { formatTime } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';

/** What has happened to replicas since the page was opened; a screen reader is told of it when there is a pause. */
export function Changes({ changes }: { readonly changes: readonly Change[] }): ReactElement {
  return (
    <Panel title="Changes" note="Since this page was opened.">
      <ol className="changes" aria-live="polite" aria-relevant="additions">
        {changes.map(({ at, replica, text, isGood }) => (
          <li key={`${at} ${replica} ${text}`} className={isGood ? '' : 'is-bad'}>
            <time dateTime={at}>{formatTime(at)}</time>
            <span className="node">{replica}</span>
            <span>{text}</span>
          </li>
        ))}
      </ol>
      {changes.length === 0 && <p className="empty">No replica has changed.</p>}
    </Panel>
  );
}
