import { useState, type ReactElement } from 'react';
import { formatMs } from '../ui/format.ts';
import { Panel, Scroll } from '../ui/panel.tsx';
import { linkTo } from '../ui/route.ts';
import type { Found } from './run-search.ts';

/** Where the time of a search went. */
export function Timing({ found: { stages, ms, cache, correlationId } }: { readonly found: Found }): ReactElement {
  const longest = Math.max(...stages.map((stage) => stage.ms), Number.EPSILON);
  return (
    <Panel title="Time" note={`${formatMs(ms)} in all${cache === null ? '' : `; cache ${cache}`}.`}>
      <Scroll label="Time by stage">
        <table className="list stages">
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col" className="number">
                Time
              </th>
              <th scope="col">
                <span className="unseen">Share</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {stages.map((stage) => (
              <tr key={stage.name} className={stage.inner ? 'is-inner' : ''}>
                <th scope="row">
                  {stage.name} <span className="hint">{stage.what}</span>
                </th>
                <td className="number">{formatMs(stage.ms)}</td>
                <td className="bar-cell" aria-hidden="true">
                  <span className="bar-of" style={{ width: `${(stage.ms / longest) * 100}%` }} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {correlationId !== null && (
        <p className="note">
          <a href={linkTo('logs', correlationId)}>What was written about it</a>
        </p>
      )}
    </Panel>
  );
}

export function CurlCommand({ text }: { readonly text: string }): ReactElement {
  const [outcome, setOutcome] = useState('');
  const copy = async (): Promise<void> => {
    const written = navigator.clipboard.writeText(text);
    setOutcome(
      await written.then(
        () => 'Copied.',
        () => 'The browser does not allow it.',
      ),
    );
  };
  return (
    <Panel title="As a command">
      <Scroll label="The command">
        <pre>
          <code>{text}</code>
        </pre>
      </Scroll>
      {/* A browser offers the clipboard to pages of this machine and to encrypted ones only. */}
      {window.isSecureContext && (
        <p className="actions">
          <button type="button" onClick={() => void copy()}>
            Copy
          </button>
          <span role="status" className="note">
            {outcome}
          </span>
        </p>
      )}
    </Panel>
  );
}
