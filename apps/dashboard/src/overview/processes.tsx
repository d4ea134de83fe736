import type { ProcessSample } from '@vectorizer/contracts';
import type { ReactElement } from 'react';
import { formatBytes, formatDuration, formatShare } from '../ui/format.ts';
import { NumberHeads } from '../ui/number-heads.tsx';
import { Panel, Scroll } from '../ui/panel.tsx';

export function Processes({ processes }: { readonly processes: readonly ProcessSample[] }): ReactElement {
  return (
    <Panel title="Processes" note="Busy: the share of the last second that the event loop worked.">
      <Scroll label="Processes">
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">Where</th>
              <NumberHeads names={['Busy', 'Memory', 'Up for']} />
            </tr>
          </thead>
          <tbody>
            {processes.map(({ process, service, place, loop_busy, memory_bytes, uptime_ms }) => (
              <tr key={process}>
                <th scope="row">{service}</th>
                <td>{place}</td>
                <td className="number">{formatShare(loop_busy)}</td>
                <td className="number">{formatBytes(memory_bytes)}</td>
                <td className="number">{formatDuration(uptime_ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
