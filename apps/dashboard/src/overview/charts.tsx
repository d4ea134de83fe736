import type { ReactElement } from 'react';
import type { History } from '../live/history.ts';
import { formatMs, formatNumber } from '../ui/format.ts';
import { Panel } from '../ui/panel.tsx';
import { Chart } from './chart.tsx';

export function ThroughputChart({ history }: { readonly history: History }): ReactElement {
  return (
    <Panel title="Throughput" note="Requests per second, five minutes.">
      <Chart
        label="Searches, writes and failures per second"
        times={history.times}
        lines={[
          { name: 'searches', color: '--line-1', values: history.searches },
          { name: 'writes', color: '--line-2', values: history.writes },
          { name: 'failures', color: '--line-bad', values: history.failed },
        ]}
        format={formatNumber}
      />
    </Panel>
  );
}

export function LatencyChart({ history }: { readonly history: History }): ReactElement {
  return (
    <Panel title="Search latency" note="At the gateways, percentiles over ten seconds.">
      <Chart
        label="Percentiles of the search latency"
        times={history.times}
        lines={[
          { name: 'p50', color: '--line-1', values: history.p50 },
          { name: 'p95', color: '--line-2', values: history.p95 },
          { name: 'p99', color: '--line-3', values: history.p99 },
        ]}
        format={formatMs}
      />
    </Panel>
  );
}
