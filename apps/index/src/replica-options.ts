import type { CollectionRecord, NodeId } from '@vectorizer/contracts';
import type { Gpu, Turns } from '@vectorizer/engine';
import type { Claims, SnapshotStore } from '@vectorizer/cluster';
import type { Log } from '@vectorizer/log';
import type { Logger } from '@vectorizer/telemetry';
import type { Progress } from './progress.ts';
import type { SharingSettings } from './shared-snapshots.ts';

export type ReplicaOptions = {
  readonly node: NodeId;
  readonly record: CollectionRecord;
  readonly shard: number;
  readonly directory: string;
  readonly log: Log;
  /** Of the replicas of a shard the one that holds it is the primary. */
  readonly claims: Claims;
  readonly snapshots: SnapshotStore;
  readonly gpu: Gpu;
  readonly turns: Turns;
  readonly logger: Logger;
  readonly sharing: SharingSettings;
  /** Told when the phase has changed. */
  readonly onPhase: () => void;
  /** Told when reads see a later state. */
  readonly onApplied: Progress['applied'];
};
