import type { CollectionUid } from './names.ts';

/** Names on the log server. Built only from branded tokens, so that no name can hold a `.`, `*` or `>`. */
export const subjects = {
  stream: (uid: CollectionUid, shard: number): string => `VZ_LOG_${uid}_${shard}`,
  log: (uid: CollectionUid, shard: number): string => `vz.log.${uid}.${shard}`,
  procedure: (name: string, instance?: string): string =>
    `vz.rpc.${name}${instance === undefined ? '' : `.${instance}`}`,
  announcement: (name: string): string => `vz.say.${name}`,
} as const;

export const LOG_STREAM_PREFIX = 'VZ_LOG_';
/** The newest replication events; the stream's sequences are their numbers. */
export const EVENT_STREAM = { name: 'VZ_EVENTS', subject: 'vz.replication-events' } as const;
/** What is stored only to see that anything can be. */
export const PROBE_STREAM = { name: 'VZ_PROBE', subject: 'vz.probe' } as const;
/** Who did what: every message names the one before it. */
export const AUDIT_STREAM = {
  name: 'VZ_AUDIT',
  subject: 'vz.audit',
  /** Messages are kept for 400 days: a year, and time to look back at it. */
  keptMs: 400 * 86_400_000,
} as const;
export const buckets = {
  collections: 'vz_collections',
  nodes: 'vz_nodes',
  cluster: 'vz_cluster',
  leases: 'vz_leases',
  claims: 'vz_claims',
  backups: 'vz_backups',
  keys: 'vz_keys',
  keyUsage: 'vz_key_usage',
  roles: 'vz_roles',
  manifests: 'vz_manifests',
  /** An object store. */
  snapshots: 'vz_snapshots',
} as const;
