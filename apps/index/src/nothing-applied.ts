import { CHAIN_START } from '@vectorizer/contracts';
import type { ShardReport } from '@vectorizer/engine';

/** A replica that is not open yet, or cannot be opened, shows as one that has applied nothing. */
export const NOTHING: ShardReport = {
  applied_sequence: 0,
  durable_sequence: 0,
  points: 0,
  indexed: 0,
  buffered: 0,
  dead: 0,
  state_hash: '0'.repeat(64),
  chain: CHAIN_START,
  bytes_received: 0,
  entries_applied: 0,
  operations_applied: 0,
  entries_rejected: 0,
  last_applied_at: null,
};
