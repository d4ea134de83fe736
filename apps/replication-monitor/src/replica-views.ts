import type { NodeRecord } from '@vectorizer/cluster';
import { HEARTBEAT_MS, silentMsMax, type NodeId, type ReplicaReport, type ReplicaView } from '@vectorizer/contracts';
import { differences, reasonOf, type Difference } from './differences.ts';
import { lagBytes, lagOf, type Lag } from './lag.ts';
import type { Heard, KnownReplica, KnownShard } from './replica-registry.ts';
import { statusOf } from './replica-status.ts';

/** The moment of a view, and what it needs besides the replicas themselves. */
export type Moment = {
  readonly monotonicMs: number;
  readonly epochMs: number;
  readonly disconnectedAfterMs: number;
  readonly nodes: ReadonlyMap<NodeId, NodeRecord>;
};

export function viewsOf(shard: KnownShard, moment: Moment): ReplicaView[] {
  const differ = differences(comparable(shard, moment.monotonicMs));
  return shard.replicas.map((replica) => viewOf(replica, shard, { moment, difference: differ.get(replica.node) }));
}

/** Those that speak, and have not stopped by their own word. */
export function comparable({ replicas }: KnownShard, monotonicMs: number): readonly KnownReplica[] {
  return replicas.filter(({ heard }) => heard !== undefined && !hasStopped(heard.report) && speaks(heard, monotonicMs));
}

/** Whether its node was heard lately. */
export function speaks({ monotonicMs, everyMs }: Heard, nowMs: number): boolean {
  return nowMs - monotonicMs <= silentMsMax(everyMs);
}

function hasStopped({ phase }: ReplicaReport): boolean {
  return phase === 'diverged' || phase === 'failed';
}

export function reportsOf({ replicas }: KnownShard): ReplicaReport[] {
  return replicas.flatMap(({ heard }) => (heard === undefined ? [] : [heard.report]));
}

type Finding = { readonly moment: Moment; readonly difference: Difference | undefined };

function viewOf(replica: KnownReplica, { record, shard, log }: KnownShard, finding: Finding): ReplicaView {
  const { moment, difference } = finding;
  const { node, heard, basis } = replica;
  const report = heard?.report;
  const silentMs = moment.monotonicMs - (heard?.monotonicMs ?? replica.placedAtMs);
  const applied = report?.applied_sequence ?? 0;
  const everyMs = heard?.everyMs ?? HEARTBEAT_MS;
  const lag = lagOf({ applied, spokeAtMs: heard?.epochMs, silentMs, everyMs, basis }, log, moment.epochMs);
  const { disconnectedAfterMs } = moment;
  const reason = report?.reason ?? (difference && reasonOf(difference));
  return {
    id: `${node}/${record.name}/${shard}`,
    node,
    collection: record.name,
    shard,
    ...addressOf(heard ?? moment.nodes.get(node)),
    status: statusOf({
      silentMs,
      disconnectedAfterMs,
      phase: report?.phase,
      differs: difference !== undefined,
      lagMs: lag.ms,
    }),
    ...(reason === undefined ? {} : { reason }),
    last_heartbeat: heard === undefined ? null : new Date(heard.epochMs).toISOString(),
    ...progressOf(report, lag),
    lag_bytes: lagBytes(lag.entries, report, log),
  };
}

function addressOf(place: { readonly host: string; readonly port: number } | undefined): Address {
  if (place === undefined) return { host: null, port: null, address: null };
  const { host, port } = place;
  return { host, port, address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` };
}
type Address = Pick<ReplicaView, 'host' | 'port' | 'address'>;

function progressOf(report: ReplicaReport | undefined, lag: Lag): Progress {
  return {
    lag_ms: Math.round(lag.ms),
    lag_entries: lag.entries,
    last_sync: report?.last_applied_at ?? null,
    operations_synced: report?.operations_applied ?? 0,
    bytes_received: report?.bytes_received ?? 0,
    state_hash: report?.state_hash ?? null,
    chain: report?.chain ?? null,
    primary: report?.primary ?? false,
    ...(report?.resync && { resync: report.resync }),
    offset: report?.applied_sequence ?? 0,
    lag_operations: lag.entries,
  };
}
type Progress = Pick<
  ReplicaView,
  | 'lag_ms'
  | 'lag_entries'
  | 'last_sync'
  | 'operations_synced'
  | 'bytes_received'
  | 'state_hash'
  | 'chain'
  | 'primary'
  | 'resync'
  | 'offset'
  | 'lag_operations'
>;
