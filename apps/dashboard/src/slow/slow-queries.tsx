import type { SlowQuery } from '@vectorizer/contracts';
import { useState, type ReactElement } from 'react';
import { live } from '../live/live.ts';
import { formatCount, formatMs, formatTime } from '../ui/format.ts';
import { useObservable } from '../ui/observable.ts';
import { Panel, Scroll } from '../ui/panel.tsx';
import { Problem } from '../ui/problem.tsx';
import { linkTo } from '../ui/route.ts';
import { useAsked } from '../ui/use-asked.ts';

const ASK_MS = 5_000;
const SHOWN_MAX = 100;

type Order = 'newest' | 'slowest';
type Answer = {
  readonly threshold_ms: number;
  readonly processes: number;
  readonly unanswered: number;
  readonly queries: readonly SlowQuery[];
};

/** The reads that took long, of every query process. */
export function SlowQueries(): ReactElement {
  const [order, setOrder] = useState<Order>('newest');
  const [collection, setCollection] = useState('');
  const collections = useObservable(live).sample?.collections ?? [];
  const only = collection === '' ? '' : `&collection=${encodeURIComponent(collection)}`;
  const { body, error } = useAsked<Answer>(`/api/v1/slow-queries?limit=${SHOWN_MAX}&order=${order}${only}`, ASK_MS);
  return (
    <div className="overview">
      <div className="filters">
        <fieldset className="switch">
          <legend className="unseen">Order</legend>
          {(['newest', 'slowest'] as const).map((each) => (
            <label key={each}>
              <input type="radio" name="order" checked={order === each} onChange={() => setOrder(each)} />
              <span>{each} first</span>
            </label>
          ))}
        </fieldset>
        <label className="inline">
          Collection
          <select value={collection} onChange={(event) => setCollection(event.target.value)}>
            <option value="">all</option>
            {collections.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      {error !== undefined && <Problem error={error} />}
      {body !== undefined && <Answered answer={body} />}
    </div>
  );
}

function Answered({
  answer: { threshold_ms, processes, unanswered, queries },
}: {
  readonly answer: Answer;
}): ReactElement {
  const heard = `Reads of ${formatMs(threshold_ms)} and more, as ${formatCount(processes)} query processes remember them`;
  return (
    <Panel title="Reads" note={unanswered === 0 ? `${heard}.` : `${heard}; ${unanswered} did not answer.`}>
      {queries.length === 0 ? (
        <p className="empty">None took long.</p>
      ) : (
        <Scroll label="Slow reads">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Ended</th>
                <th scope="col" className="number">
                  Took
                </th>
                <th scope="col">Collection</th>
                <th scope="col">Read</th>
                <th scope="col">Stages</th>
                <th scope="col">Parameters</th>
                <th scope="col">Correlation id</th>
              </tr>
            </thead>
            <tbody>
              {queries.map((query) => (
                <Row key={`${query.process} ${query.correlation_id} ${query.at}`} query={query} />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function Row({ query }: { readonly query: SlowQuery }): ReactElement {
  const { at, took_ms, collection, procedure, stages, parameters, correlation_id, process, failure } = query;
  return (
    <tr>
      <td>
        <time dateTime={at}>{formatTime(at)}</time>
      </td>
      <td className="number">{formatMs(took_ms)}</td>
      <td>{collection}</td>
      <td>
        {procedure} {failure !== undefined && <code className="bad">{failure}</code>}
        <span className="address">{process}</span>
      </td>
      <td className="stage-list">
        {Object.entries(stages).map(([stage, ms]) => (
          <span key={stage}>
            <span className="hint">{stage}</span> {formatMs(ms)}
          </span>
        ))}
      </td>
      <td className="payload">{JSON.stringify(parameters)}</td>
      <th scope="row">
        <a className="node" href={linkTo('logs', correlation_id)}>
          {correlation_id}
        </a>
      </th>
    </tr>
  );
}
