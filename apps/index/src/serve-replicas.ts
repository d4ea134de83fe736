import type { SnapshotStore } from '@vectorizer/cluster';
import {
  bytesOf,
  shardBackup,
  shardCount,
  shardDescribe,
  shardOutcomes,
  shardQuarantine,
  shardRead,
  shardRequest,
  shardResync,
  shardRestore,
  shardScroll,
  shardSearch,
  type Bus,
  type CollectionUid,
  type JobReport,
  type NodeId,
  type RequestOutcome,
} from '@vectorizer/contracts';
import type { Shard, Turns } from '@vectorizer/engine';
import { Failure } from '@vectorizer/errors';
import type { LongJobs } from './long-jobs.ts';
import type { Replica } from './replica.ts';
import type { Replicas } from './replicas.ts';
import type { Restorer } from './restorer.ts';
import { tellOfSpan, type Attributes } from '@vectorizer/telemetry';
import { SearchCalls } from './search-calls.ts';
import type { z } from 'zod';

type Served = {
  readonly replicas: Replicas;
  readonly restorer: Restorer;
  readonly jobs: LongJobs;
  readonly snapshots: SnapshotStore;
  readonly turns: Turns;
};

/** Answers the calls that are addressed to this node. */
export function serveReplicas(bus: Bus, node: NodeId, served: Served): void {
  const { replicas, turns } = served;
  const searches = new SearchCalls(turns);
  bus.serve(
    shardSearch,
    async (input, { deadline }) => {
      const arrivedMs = performance.now();
      const replica = await replicas.find(input);
      const demand = { sequence: input.min_sequence, deadline };
      tellOfSpan(() => searchAttributes(input));
      return replica.read(demand, async (shard) => searches.run(shard, input.searches, { deadline, arrivedMs }));
    },
    node,
  );
  bus.serve(
    shardRead,
    async (input, { deadline }) => {
      const replica = await replicas.find(input);
      return replica.read({ sequence: input.min_sequence, deadline }, (shard) => shard.read(input.ids, input));
    },
    node,
  );
  bus.serve(
    shardScroll,
    async (input, { deadline }) => {
      const replica = await replicas.find(input);
      return replica.read({ sequence: input.min_sequence, deadline }, async (shard) =>
        shard.scroll({ ...input, deadline }),
      );
    },
    node,
  );
  bus.serve(
    shardCount,
    async (input, { deadline }) => {
      const replica = await replicas.find(input);
      return replica.read({ sequence: input.min_sequence, deadline }, async (shard) =>
        shard.count(input.filter, deadline),
      );
    },
    node,
  );
  serveWritersAndWatchers(bus, node, replicas);
  serveUpkeep(bus, node, served);
}

function searchAttributes({ uid, shard, searches }: z.output<typeof shardSearch.input>): Attributes {
  const [first] = searches;
  return {
    'vectorizer.uid': uid,
    'vectorizer.shard': shard,
    'vectorizer.searches': searches.length,
    ...(first && { 'vectorizer.k': first.k, 'vectorizer.filtered': first.filter !== undefined }),
  };
}

function serveWritersAndWatchers(bus: Bus, node: NodeId, replicas: Replicas): void {
  bus.serve(
    shardOutcomes,
    async (input, { deadline }) => {
      const replica: Replica = await replicas.find(input);
      return replica.read({ sequence: input.sequence, deadline }, (shard) => ({
        requests: input.request_ids.map((id) => outcomeOf(shard, id, input.sequence)),
      }));
    },
    node,
  );
  bus.serve(
    shardRequest,
    async (input, { deadline }) => {
      const replica = await replicas.find(input);
      return replica.read({ sequence: 0, deadline }, (shard) => ({
        applied_sequence: shard.sequence,
        request: shard.outcome(input.request_id) ?? null,
      }));
    },
    node,
  );
  bus.serve(shardDescribe, async (input) => (await replicas.find(input)).report(), node);
}

function serveUpkeep(bus: Bus, node: NodeId, { replicas, restorer, jobs, snapshots }: Served): void {
  const stored = (uid: CollectionUid, shard: number): JobReport | undefined => {
    const found = snapshots.newest(uid, shard);
    return found && { stored: found, moved_bytes: bytesOf(found) };
  };
  bus.serve(shardResync, async (input) => ({ resync: await (await replicas.find(input)).rebuild() }), node);
  bus.serve(
    shardQuarantine,
    async (input) => {
      (await replicas.find(input)).quarantine(input.reason, input.by);
      return {};
    },
    node,
  );
  bus.serve(
    shardBackup,
    async ({ into, ...key }) =>
      stored(into, key.shard) ??
      jobs.ask(`${into}/${key.shard}`, async (tools) => (await replicas.find(key)).backUp(into, tools)),
    node,
  );
  bus.serve(
    shardRestore,
    async (input) =>
      stored(input.uid, input.shard) ??
      jobs.ask(`${input.uid}/${input.shard}`, async (tools) => restorer.restore(input, tools)),
    node,
  );
}

/**
 * `not_found` when the replica no longer remembers the request, or never could: its entry was rejected. The sequence has
 * been applied, so asking again (or another replica, which remembers the same) would answer no more.
 */
function outcomeOf(shard: Shard, id: string, sequence: number): RequestOutcome {
  const outcome = shard.outcome(id, sequence);
  if (outcome !== undefined) return outcome;
  throw new Failure('not_found', 'what became of the request is not remembered', {
    details: { request_id: id, sequence },
  });
}
