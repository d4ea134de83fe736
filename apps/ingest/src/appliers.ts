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
  /** As they are placed now. */
  readonly nodes: () => readonly NodeId[];
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
  const asked = new Map<NodeId, Promise<readonly Outcome[]>>();
  const askOf = async (node: NodeId): Promise<readonly Outcome[]> => {
    const ask =
      asked.get(node) ?? askUntilApplied(bus, logged, { node, context: wait.context, signal: finished.signal });
    asked.set(node, ask);
    // Those that lose the race end by themselves, with nobody left to tell.
    ask.catch((cause: unknown) => cause instanceof Moved && asked.delete(node));
    return ask;
  };
  try {
    for (;;) {
      const asks = logged.nodes().map(askOf);
      if (asks.length === 0) throw new Failure('index_unavailable', `shard ${logged.shard} has no replica`);
      const outcomes = await (wait.all ? allOf(asks) : Promise.any(asks)).catch(unlessMoved);
      if (outcomes !== undefined) return outcomes;
    }
  } finally {
    finished.abort();
  }
}

/** The shard was taken from the node while it was asked. */
class Moved extends Error {}

async function allOf(asks: readonly Promise<readonly Outcome[]>[]): Promise<readonly Outcome[] | undefined> {
  const [first] = await Promise.all(asks);
  return first;
}

/** Undefined when those that hold the shard now are to be asked. */
function unlessMoved(cause: unknown): undefined {
  const causes: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  const failures = causes.filter((each) => !(each instanceof Moved));
  if (failures.length > 0) throw worstOf(failures);
}

async function askUntilApplied(
  bus: Bus,
  { uid, shard, sequence, requestId, nodes }: LoggedPart,
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
      if (!nodes().includes(how.node)) throw new Moved();
    }
    await sleep(ASK_AGAIN_MS, undefined, { ref: false });
  }
}

/** Of several replicas' failures the one that says most: a time-out may pass, a dropped collection is the answer. */
function worstOf(causes: readonly unknown[]): Failure {
  const found = causes.map((each) => Failure.from(each));
  return found.find((failure) => !failure.retryable) ?? found[0] ?? Failure.from(causes);
}
