import type { ReactElement } from 'react';
import { Panel, Scroll } from '../ui/panel.tsx';
import type { Found } from './run-search.ts';

type HitsProps = { readonly found: Found; readonly onLike: (id: string) => void };

export function Hits({ found: { hits, warnings }, onLike }: HitsProps): ReactElement {
  return (
    <Panel title="Hits">
      {warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      {hits.length === 0 ? (
        <p className="empty">No point matches.</p>
      ) : (
        <Scroll label="Hits">
          <table className="list">
            <thead>
              <tr>
                <th scope="col" className="number">
                  Rank
                </th>
                <th scope="col">Point</th>
                <th scope="col" className="number">
                  Score
                </th>
                <th scope="col" className="number">
                  Version
                </th>
                <th scope="col">Payload</th>
              </tr>
            </thead>
            <tbody>
              {hits.map(({ id, score, version, payload }, rank) => (
                <tr key={id}>
                  <td className="number">{rank + 1}</td>
                  <th scope="row">
                    <button type="button" className="link" title="Search near this point" onClick={() => onLike(id)}>
                      {id}
                    </button>
                  </th>
                  <td className="number">{score.toFixed(4)}</td>
                  <td className="number">{version}</td>
                  <td className="payload">{payload == null ? '–' : JSON.stringify(payload)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}
