import { setTimeout as sleep } from 'node:timers/promises';
import {
  shardOutcomes,
  type Bus,
  type CallContext,
  type CollectionUid,
  type NodeId,
  type Outcome,
} from '@vectorizer/contracts';
import { Failure } from '@vectorizer/errors';

/** What was logged on one shard, and by whom it is to be applied. */
export type LoggedPart = {
  readonly uid: CollectionUid;
  readonly shard: number;
  readonly requestId: string;
  readonly sequence: number;
  readonly nodes: readonly NodeId[];
};

/** A node that does not answer is asked again after this: it may be restarting. */
const ASK_AGAIN_MS = 50;
/** One question waits this long: it, or its answer, may have been lost with a connection. */
const ASK_MS_MAX = 5_000;

/** The outcomes of a logged request, once the first of the shard's replicas (or every one) has applied it. */
export async function outcomesOf(
  bus: Bus,
  logged: LoggedPart,
  wait: { readonly context: CallContext; readonly all: boolean },
): Promise<readonly Outcome[]> {
  const finished = new AbortController();
  const asks = logged.nodes.map(async (node) =>
    askUntilApplied(bus, logged, { node, context: wait.context, signal: finished.signal }),
  );
  try {
    if (!wait.all) return await Promise.any(asks);
    const [first] = await Promise.all(asks);
    if (first !== undefined) return first;
  } catch (cause) {
    throw worstOf(cause);
  } finally {
    finished.abort();
    // Those that lost the race end by themselves, with nobody left to tell.
    for (const ask of asks) ask.catch(() => undefined);
  }
  throw new Failure('index_unavailable', `shard ${logged.shard} has no replica`);
}

async function askUntilApplied(
  bus: Bus,
  { uid, shard, sequence, requestId }: LoggedPart,
  how: { readonly node: NodeId; readonly context: CallContext; readonly signal: AbortSignal },
): Promise<readonly Outcome[]> {
  const input = { uid, shard, sequence, request_ids: [requestId] };
  for (;;) {
    try {
      const context = { ...how.context, deadline: Math.min(how.context.deadline, Date.now() + ASK_MS_MAX) };
      const { requests } = await bus.call(shardOutcomes, input, { context, instance: how.node });
      const outcomes = requests[0]?.outcomes;
      if (outcomes !== undefined) return outcomes;
      throw new Failure('internal_error', 'the index node answered for no request');
    } catch (cause) {
      const failure = Failure.from(cause);
      const passing = failure.retryable && Date.now() + ASK_AGAIN_MS < how.context.deadline;
      if (!passing || how.signal.aborted) throw failure;
    }
    await sleep(ASK_AGAIN_MS, undefined, { ref: false });
  }
}

/** Of several replicas' failures the one that says most: a time-out may pass, a dropped collection is the answer. */
function worstOf(cause: unknown): Failure {
  const causes = cause instanceof AggregateError ? cause.errors : [cause];
  const found = causes.map((each) => Failure.from(each));
  return found.find((failure) => !failure.retryable) ?? found[0] ?? Failure.from(cause);
}
