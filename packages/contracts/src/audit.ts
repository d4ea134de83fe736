import { createHash } from 'node:crypto';
import { z } from 'zod';

/** One thing that somebody did, or was kept from. */
export const AuditEntry = z.object({
  at: z.iso.datetime(),
  /** `key`, `token` or `open` and its id; `operator` and who that was, past the gateways; `unknown` is whoever had no good key. */
  actor: z.string(),
  /** The name of the key, for people. */
  actor_name: z.string(),
  /** As the table of routes calls it; `authenticate` for the credentials themselves. */
  action: z.string(),
  /** The path that was asked for, or that of what was made. */
  target: z.string(),
  /**
   * `begun`: an administrative act is about to be done; what came of it is in the entry after it with the same `change`, and where
   * there is none its process ended before it could say. `unanswered`: a change is in the write log, and its gateway ended so.
   */
  result: z.enum(['ok', 'refused', 'failed', 'begun', 'unanswered']),
  /** The status of the answer. */
  status: z.int(),
  /** Items of a batch; of authentications, how many since the entry before. */
  count: z.int().positive(),
  address: z.string(),
  correlation_id: z.string(),
  /** Names a change of data, in the write log as well, or an administrative act, in both of its entries. */
  change: z.string().optional(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** An entry and where it is in the log: the sequence of its message, and its place in that. */
export type NumberedAuditEntry = AuditEntry & { readonly id: string };

/**
 * A message of the audit log. It names the one before it in the stream, whoever wrote that, by its sequence and its hash: so
 * what was removed, changed or moved shows at the next.
 */
const AuditMessage = z.object({
  v: z.literal(1),
  /** One life of one gateway, and the number of the message in it. */
  writer: z.string(),
  number: z.int().positive(),
  previous: z.object({ sequence: z.int().nonnegative(), hash: z.string() }),
  entries: z.array(AuditEntry).min(1),
});
export type AuditMessage = z.infer<typeof AuditMessage>;

/** Where a chain is: at a message, by its sequence in the stream and its hash. */
export type AuditHead = AuditMessage['previous'];
/** Before the first message. */
export const AUDIT_START: AuditHead = { sequence: 0, hash: '' };

const HASH_CHARACTERS = 64;

/** The bytes of a message: the hash of its text, and the text. */
export function encodeAudit(message: AuditMessage): Uint8Array {
  const text = JSON.stringify(message);
  return Buffer.from(`${hashOf(text)}\n${text}`);
}

/** By itself, for whoever goes on after a message that may be of a later release: throws a sentence when the text is not its. */
export function hashOfAudit(bytes: Uint8Array): string {
  return splitAudit(bytes).hash;
}

export type AuditRead = { readonly message: AuditMessage; readonly hash: string };

/** Throws a sentence when the bytes are not what was written. */
export function decodeAudit(bytes: Uint8Array): AuditRead {
  const { hash, text } = splitAudit(bytes);
  return { message: AuditMessage.parse(JSON.parse(text)), hash };
}

function splitAudit(bytes: Uint8Array): { readonly hash: string; readonly text: string } {
  const all = Buffer.from(bytes).toString('utf8');
  const hash = all.slice(0, HASH_CHARACTERS);
  const text = all.slice(HASH_CHARACTERS + 1);
  if (hashOf(text) !== hash) throw new Error('it was changed: its hash is of another text');
  return { hash, text };
}

/**
 * What follows `head` in the stream, if that is what was written there; throws a sentence when it is not. Of a log whose
 * oldest messages have aged away, the first that is left is taken as it is.
 */
export function nextAudit(head: AuditHead | undefined, sequence: number, bytes: Uint8Array): AuditHead {
  const { message, hash } = decodeAudit(bytes);
  const { previous } = message;
  if (head === undefined) return { sequence, hash };
  if (sequence !== head.sequence + 1) throw new Error(`what was between ${head.sequence} and it was removed`);
  if (previous.sequence !== head.sequence || previous.hash !== head.hash) {
    throw new Error(`it was not written after what is now before it, but after message ${previous.sequence}`);
  }
  return { sequence, hash };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
