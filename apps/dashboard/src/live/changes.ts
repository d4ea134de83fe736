import type { DashboardReplica, DashboardSample } from '@vectorizer/contracts';

/** Something that has happened to a replica between two samples. */
export type Change = { readonly at: string; readonly replica: string; readonly text: string; readonly isGood: boolean };

export function changesBetween(before: DashboardSample, after: DashboardSample): Change[] {
  // What is not known now has not changed.
  if (before.replication === null || after.replication === null) return [];
  const known = byId(before.replication.replicas);
  const now = byId(after.replication.replicas);
  const { at } = after;
  // Where some are left out, one that is missing may still be there.
  const isWhole = before.replication.replicas_left_out + after.replication.replicas_left_out === 0;
  const changed = [...now.values()].flatMap((replica): Change[] => {
    const status = known.get(replica.id)?.status;
    if (status === undefined) return isWhole ? [{ at, replica: replica.id, text: 'placed', isGood: true }] : [];
    if (status === replica.status) return [];
    const because = replica.reason === undefined ? '' : `: ${replica.reason}`;
    const text = `${status} → ${replica.status}${because}`;
    return [{ at, replica: replica.id, text, isGood: replica.status === 'Connected' }];
  });
  const removed = isWhole ? [...known.keys()].filter((id) => !now.has(id)) : [];
  return [...changed, ...removed.map((replica): Change => ({ at, replica, text: 'removed', isGood: true }))];
}

function byId(replicas: readonly DashboardReplica[]): Map<string, DashboardReplica> {
  return new Map(replicas.map((replica) => [replica.id, replica]));
}
