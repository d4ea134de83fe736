import type { NodeId } from '@vectorizer/contracts';
import { Failure, type FailureType } from '@vectorizer/errors';

/** What one replica's fault is: another may answer. Everything else is the caller's fault, or a bug, and final. */
const anotherMayAnswer: ReadonlySet<FailureType> = new Set<FailureType>([
  'service_unavailable',
  'overloaded',
  'replica_behind',
  'replica_diverged',
  'storage_error',
  'index_unavailable',
  'log_unavailable',
  'deadline_exceeded',
]);

export function mayRetryElsewhere(failure: Failure): boolean {
  return anotherMayAnswer.has(failure.type);
}

/** A replica that gave no answer, and what it was last heard to have applied. */
export type Refusal = { readonly node: NodeId; readonly failure: Failure; readonly applied: number | undefined };

/** Whether none of those that were asked could be reached, rather than would not answer. */
export function areUnreachable(refusals: readonly Refusal[]): boolean {
  return refusals.length > 0 && refusals.every(({ failure }) => failure.type === 'service_unavailable');
}

/** Timers may fire a little early. */
const TIMER_MS = 5;

/** What is answered when no replica of a shard answered. */
export function unanswered(
  asked: {
    readonly shard: number;
    readonly demanded: number;
    readonly deadline: number;
    /** Why those were not asked that were not. */
    readonly leftOut: ReadonlyMap<NodeId, FailureType>;
  },
  refusals: readonly Refusal[],
): Failure {
  const { shard, demanded, deadline, leftOut } = asked;
  const behind = refusals.filter((refusal) => isBehind(refusal, demanded));
  if (behind.length > 0) return replicaBehind(shard, demanded, behind);
  const [first] = refusals;
  if (first !== undefined && refusals.every(({ failure }) => failure.type === 'overloaded')) return first.failure;
  const late = refusals.find(({ failure }) => failure.type === 'deadline_exceeded');
  if (late !== undefined && Date.now() >= deadline - TIMER_MS) return late.failure;
  const said = refusals.map(({ node, failure }) => [node, failure.type] as const);
  return new Failure('index_unavailable', `no replica of shard ${shard} can answer`, {
    cause: refusals.at(-1)?.failure,
    details: { shard, replicas: Object.fromEntries([...leftOut, ...said]) },
  });
}

/** A replica that was waiting to catch up may run out of time before it can say so. */
function isBehind({ failure, applied }: Refusal, demanded: number): boolean {
  if (failure.type === 'replica_behind') return true;
  return failure.type === 'deadline_exceeded' && applied !== undefined && applied < demanded;
}

function replicaBehind(shard: number, demanded: number, behind: readonly Refusal[]): Failure {
  const applied = Math.max(...behind.map(appliedOf));
  const lag = Math.max(0, demanded - applied);
  return new Failure('replica_behind', `shard ${shard} is ${lag} entries behind what was demanded`, {
    details: { shard, demanded, applied, lag_entries: lag },
  });
}

function appliedOf({ failure, applied = 0 }: Refusal): number {
  const said = failure.details['applied'];
  return typeof said === 'number' ? said : applied;
}
