export type Permission =
  | 'create_collection'
  | 'read_collection'
  | 'update_collection'
  | 'delete_collection'
  | 'list_collections'
  | 'insert_vector'
  | 'search_vector'
  | 'update_vector'
  | 'delete_vector'
  | 'get_vector'
  | 'batch_insert'
  | 'batch_search'
  | 'batch_update'
  | 'batch_delete'
  | 'manage_api_keys'
  | 'view_audit_logs'
  | 'configure_server'
  | 'manage_replication'
  | 'view_metrics'
  | 'view_system_stats'
  | 'restart_server'
  | 'backup_data'
  | 'restore_data';

/** So much each second in the long run, so much at once. */
export type RateInput = { readonly per_s: number; readonly burst: number };
export type NewKeyInput = {
  readonly name: string;
  readonly roles: readonly string[];
  /** Patterns of collections' names; left out: all. */
  readonly collections?: readonly string[] | undefined;
  readonly events?: readonly string[] | undefined;
  readonly rate?:
    | {
        readonly tier?: string | undefined;
        readonly read?: RateInput | undefined;
        readonly write?: RateInput | undefined;
      }
    | undefined;
  /** Seconds from now. */
  readonly expires_in?: number | undefined;
};

/** An API key, without the key itself. */
export type Key = {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly collections: readonly string[];
  readonly events: readonly string[];
  readonly rate: { readonly tier: string; readonly read?: RateInput; readonly write?: RateInput };
  readonly created_at: string;
  readonly created_by: string;
  readonly rotated_at: string | null;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly active: boolean;
  readonly grace_until: string | null;
  readonly usage: { readonly requests: number; readonly last_used_at: string | null };
};
export type IssuedKey = Key & { readonly key: string };
export type Role = { readonly name: string; readonly permissions: readonly Permission[] };
/** Whom the gateway takes this client for. */
export type Me = {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly permissions: readonly Permission[];
  readonly collections: readonly string[];
  readonly events: readonly string[];
  readonly expires_at: string | null;
};

/** One thing that somebody did, or was kept from. */
export type AuditEntry = {
  /** Where it is in the log. */
  readonly id: string;
  readonly at: string;
  /** `key`, `token` or `open` and its id; `unknown` is whoever had no good key. */
  readonly actor: string;
  readonly actor_name: string;
  readonly action: string;
  /** The path that was asked for, or that of what was made. */
  readonly target: string;
  /**
   * `begun`: an administrative act is about to be done; what came of it is in the entry after it with the same `change`, and where
   * there is none its process ended before it could say. `unanswered`: a change is in the write log, and its gateway ended so.
   */
  readonly result: 'ok' | 'refused' | 'failed' | 'begun' | 'unanswered';
  readonly status: number;
  /** Items of a batch; of authentications, how many since the entry before. */
  readonly count: number;
  readonly address: string;
  readonly correlation_id: string;
  /** Names a change of data, or an administrative act in both of its entries. */
  readonly change?: string | undefined;
};
export type AuditSearch = {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** Paths that begin so. */
  readonly target?: string | undefined;
  readonly result?: AuditEntry['result'] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit?: number | undefined;
  readonly before?: string | undefined;
};
export type AuditPage = { readonly entries: readonly AuditEntry[]; readonly next: string | null };
export type AuditChainPart = {
  /** Sequences of the oldest message that is left, and of the newest that ever was. */
  readonly first: number;
  readonly last: number;
  readonly created: string;
  readonly messages: readonly { readonly sequence: number; readonly data: string }[];
};
