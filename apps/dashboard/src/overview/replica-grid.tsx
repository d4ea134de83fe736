import type {
  DashboardReplica,
  DashboardSample,
  NodeSample,
  ReplicationSample,
  ShardAgreement,
} from '@vectorizer/contracts';
import type { ReactElement } from 'react';
import { formatCount, formatDuration, formatEntries, formatMs } from '../ui/format.ts';
import { Panel, Scroll } from '../ui/panel.tsx';
import { gridOf, type GridRow } from './grid-model.ts';

/** Three heartbeats. */
const SILENT_MS_MAX = 3_000;

/** Every replica of every shard, where it is and how it is. */
export function ReplicaGrid({ sample }: { readonly sample: DashboardSample }): ReactElement {
  const { replication, reason, nodes } = sample;
  return (
    <Panel
      title="Replicas"
      note="Nodes by shards. Lag in entries and in the age of the oldest entry that is not applied."
    >
      {replication === null ? (
        <p className="empty">No replication monitor answers: {reason}.</p>
      ) : replication.replicas.length === 0 ? (
        <p className="empty">There is no collection yet.</p>
      ) : (
        <GridTable replication={replication} nodes={nodes} />
      )}
    </Panel>
  );
}

type GridTableProps = { readonly replication: ReplicationSample; readonly nodes: readonly NodeSample[] };

function GridTable({ replication, nodes }: GridTableProps): ReactElement {
  const { collections, rows, agreement } = gridOf({ ...replication, nodes });
  return (
    <>
      <Scroll label="Replicas by node and shard">
        <table className="grid">
          <caption className="unseen">State of each replica, by node and shard</caption>
          <thead>
            <tr>
              <th rowSpan={2} scope="col">
                Node
              </th>
              {collections.map(({ name, shards }) => (
                <th key={name} colSpan={shards.length} scope="colgroup" className="group">
                  {name}
                </th>
              ))}
            </tr>
            <tr>
              {collections.flatMap(({ name, shards }) =>
                shards.map((shard) => (
                  <th key={`${name}/${shard}`} scope="col" className="shard">
                    shard {shard}
                  </th>
                )),
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.node} row={row} />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">State hashes</th>
              {agreement.map((each, column) => (
                <Agreement key={column} agreement={each} />
              ))}
            </tr>
          </tfoot>
        </table>
      </Scroll>
      {replication.replicas_left_out > 0 && (
        <p className="note">{formatCount(replication.replicas_left_out)} more replicas are connected and not shown.</p>
      )}
    </>
  );
}

function Row({ row: { node, address, silentMs, cells } }: { readonly row: GridRow }): ReactElement {
  return (
    <tr>
      <th scope="row">
        <span className="node">{node}</span>
        <span className="address">{address ?? 'not joined'}</span>
        {(silentMs ?? 0) > SILENT_MS_MAX && (
          <span className="address bad">silent for {formatDuration(silentMs ?? 0)}</span>
        )}
      </th>
      {cells.map((replica, column) => (
        <Cell key={replica?.id ?? column} replica={replica} />
      ))}
    </tr>
  );
}

function Cell({ replica }: { readonly replica: DashboardReplica | undefined }): ReactElement {
  if (replica === undefined) return <td className="absent">–</td>;
  const { status, reason, lag_entries, lag_ms, primary } = replica;
  return (
    <td className={`replica is-${status.toLowerCase()}`} title={reason}>
      <span className="state">
        <span className="mark" aria-hidden="true" />
        {status}
        {primary && <abbr title="primary: takes the shared snapshots">P</abbr>}
      </span>
      <span className="lag">
        {formatEntries(lag_entries)} · {formatMs(lag_ms)}
      </span>
      {reason !== undefined && <span className="unseen">{reason}</span>}
    </td>
  );
}

/** One replica alone agrees with nobody: that is no fault, and no proof. */
function Agreement({ agreement }: { readonly agreement: ShardAgreement | undefined }): ReactElement {
  if (agreement === undefined || agreement.sequence === null) return <td className="agreement">not told yet</td>;
  const { agreed, sequence, compared, replicas } = agreement;
  const at = <span className="lag">at sequence {formatCount(sequence)}</span>;
  if (replicas === 1) return <td className="agreement">one replica {at}</td>;
  if (agreed)
    return (
      <td className="agreement is-agreed">
        {compared} of {replicas} agree {at}
      </td>
    );
  return (
    <td className="agreement is-differing">
      {compared < 2 ? 'too few tell' : 'they differ'} {at}
    </td>
  );
}
