import type { ReactElement } from 'react';
import { live } from '../live/live.ts';
import { formatTime } from '../ui/format.ts';
import { useObservable } from '../ui/observable.ts';
import { Caches } from './caches.tsx';
import { Changes } from './changes.tsx';
import { CollectionsTable } from './collections-table.tsx';
import { LatencyChart, ThroughputChart } from './charts.tsx';
import { Processes } from './processes.tsx';
import { ReplicaGrid } from './replica-grid.tsx';
import { Tiles } from './tiles.tsx';

export function Overview(): ReactElement {
  const { sample, phase, reason, history, changes } = useObservable(live);
  if (sample === undefined) {
    return (
      <p className="empty">
        {phase === 'connecting' ? 'Waiting for the first sample …' : (reason ?? 'Nothing is known yet.')}
      </p>
    );
  }
  return (
    <div className="overview">
      {phase !== 'live' && (
        <p className="warning">
          This is what was known at {formatTime(sample.at)}: {reason ?? 'nothing was heard since'}.
        </p>
      )}
      <Tiles sample={sample} />
      <div className="pair">
        <ThroughputChart history={history} />
        <LatencyChart history={history} />
      </div>
      <ReplicaGrid sample={sample} />
      <CollectionsTable sample={sample} />
      <Caches caches={sample.caches} />
      <div className="pair">
        <Processes processes={sample.processes} />
        <Changes changes={changes} />
      </div>
    </div>
  );
}
