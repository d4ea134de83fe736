export { auditedAct, type Act } from './audited-act.ts';
export { AuditLog, entriesIn, type AuditState, type StoredAudit } from './audit-log.ts';
export {
  AuthCallout,
  newCalloutKey,
  type Admission,
  type Admits,
  type Asked,
  type CalloutFiles,
  type Refusal,
} from './auth-callout.ts';
export type { Aliases } from './aliases.ts';
export { BackupRegistry, unreadableBackup } from './backup-registry.ts';
export { Catalog, type CatalogChange } from './catalog.ts';
export { clusterId, watchCluster } from './cluster-id.ts';
export { connectNats, type NatsConnection, type NatsOptions, type TlsFiles } from './connection.ts';
export { DeadLetters, type NumberedLetter } from './dead-letters.ts';
export { checkDurability } from './durability.ts';
export { EventQueue, type EventTaker, type TakenEvent, type TakenEvents } from './event-queue.ts';
export { FileCheck } from './file-check.ts';
export { EventJournal } from './event-journal.ts';
export { lockDirectory } from './directory-lock.ts';
export { idInKey, newKeyId, newKeyText } from './api-key.ts';
export { EVERYTHING, KeyRegistry, type IssuedKey } from './key-registry.ts';
export { KeyUsageRegistry } from './key-usage-registry.ts';
export type { Claim, Claims } from './claims.ts';
export { eachBounded } from './each-bounded.ts';
export { LogProbe } from './log-probe.ts';
export { Leases, type Lease } from './leases.ts';
export { LocalBus } from './local-bus.ts';
export { lockName, type Lock } from './name-lock.ts';
export { NatsBus } from './nats-bus.ts';
export { NodeRegistry, type NodeRecord } from './node-registry.ts';
export { recoverKey, type Recovery } from './recover-key.ts';
export { RoleRegistry, type Role } from './role-registry.ts';
export { SnapshotStore, type TransferOptions, type Unfinished } from './snapshot-store.ts';
export { trustAuthority } from './trust-authority.ts';
