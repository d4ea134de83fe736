import { useState, type FormEvent, type ReactElement } from 'react';
import { formatCount } from '../ui/format.ts';
import { Panel, Scroll } from '../ui/panel.tsx';
import { Problem } from '../ui/problem.tsx';
import { linkTo } from '../ui/route.ts';
import { useAsked } from '../ui/use-asked.ts';
import { shownOf, type Line } from './line.ts';

const ASK_MS = 5_000;

type Answer = { readonly processes: number; readonly unanswered: number; readonly lines: readonly Line[] };

/** Everything that was written about one request, in every process. */
export function Logs({ subject }: { readonly subject: string }): ReactElement {
  const [id, setId] = useState(subject);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    location.hash = linkTo('logs', id.trim());
  };
  return (
    <div className="overview">
      <form className="filters" onSubmit={submit} role="search">
        <label className="inline wide">
          Correlation id
          <input value={id} spellCheck={false} onChange={(event) => setId(event.target.value)} />
        </label>
        <button type="submit" className="primary" disabled={id.trim() === ''}>
          Show its lines
        </button>
      </form>
      {subject === '' ? (
        <p className="empty">Every answer has the id of its request in the header X-Correlation-ID.</p>
      ) : (
        <LinesOf id={subject} />
      )}
    </div>
  );
}

function LinesOf({ id }: { readonly id: string }): ReactElement | null {
  const { body, error } = useAsked<Answer>(`/api/v1/logs?correlation_id=${encodeURIComponent(id)}`, ASK_MS);
  if (error !== undefined) return <Problem error={error} />;
  if (body === undefined) return null;
  const { processes, unanswered, lines } = body;
  const heard = `As ${formatCount(processes)} processes remember them`;
  return (
    <Panel title="Lines" note={unanswered === 0 ? `${heard}.` : `${heard}; ${unanswered} did not answer.`}>
      {lines.length === 0 ? (
        <p className="empty">
          No process remembers a line. What goes well is written at level debug alone, and old lines are forgotten.
        </p>
      ) : (
        <LineTable lines={lines} />
      )}
    </Panel>
  );
}

function LineTable({ lines }: { readonly lines: readonly Line[] }): ReactElement {
  return (
    <Scroll label="Lines of the request">
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Level</th>
            <th scope="col">Service</th>
            <th scope="col">Message</th>
            <th scope="col">Fields</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Row key={JSON.stringify(line)} line={line} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Row({ line }: { readonly line: Line }): ReactElement {
  const { time, isBad, level, service, process, message, fields } = shownOf(line);
  return (
    <tr>
      <td>
        <time dateTime={line.time}>{time}</time>
      </td>
      <td className={isBad ? 'bad' : ''}>{level}</td>
      <td>
        {service}
        <span className="address">{process}</span>
      </td>
      <th scope="row">{message}</th>
      <td className="fields">{fields}</td>
    </tr>
  );
}
