import {
  AUDIT_START,
  AUDIT_STREAM,
  decodeAudit,
  nextAudit,
  type AuditEntry,
  type AuditHead,
} from '@vectorizer/contracts';
import type { AuditChainPart } from '@vectorizer/client';

/** What came of looking at the whole audit log. */
export type AuditVerdict = {
  readonly messages: number;
  readonly entries: number;
  /** Where the log ends: a later look may ask whether it still goes through there. */
  readonly head: AuditHead;
  /** What is wrong, each at its message; none when nothing is. */
  readonly faults: readonly string[];
  /** Administrative acts that were begun, and of which no entry tells what came of them: under way, or their process ended. */
  readonly untold: readonly AuditEntry[];
};

const FAULTS_MAX = 20;
/** For how long a message is kept, less an hour for clocks that differ. */
const AGED_MS = AUDIT_STREAM.keptMs - 3_600_000;

/**
 * Follows the audit log from its oldest message to its newest and sees that each was written after the one before it. `known`
 * is where it once ended: a log that was made anew from there on would else look whole.
 */
export async function verifyAudit(
  chain: (after: number) => Promise<AuditChainPart>,
  { known, nowMs }: { readonly known?: AuditHead | undefined; readonly nowMs: number },
): Promise<AuditVerdict> {
  let head: AuditHead | undefined;
  const begun = new Map<string, AuditEntry>();
  let [messages, entries, last] = [0, 0, 0];
  let isKnown = known === undefined;
  const faults: string[] = [];
  for (;;) {
    const part = await chain(head?.sequence ?? 0);
    ({ last } = part);
    // Of a log that begins with its first message nothing has aged away.
    if (head === undefined && part.first <= 1) head = AUDIT_START;
    else if (head === undefined && Date.parse(part.created) > nowMs - AGED_MS) {
      faults.push(`messages 1 to ${part.first - 1} were removed: the log is too young for them to have aged away`);
    }
    for (const { sequence, data } of part.messages) {
      const bytes = Buffer.from(data, 'base64');
      const { next, fault } = follow(head, sequence, bytes);
      if (fault !== undefined && faults.length < FAULTS_MAX) faults.push(`message ${sequence}: ${fault}`);
      head = next;
      messages += 1;
      const told = entriesIn(bytes);
      entries += told.length;
      for (const entry of told) noteAct(begun, entry);
      isKnown ||= known?.sequence === sequence && known.hash === head.hash;
    }
    if (part.messages.length === 0 || (head?.sequence ?? 0) >= last) break;
  }
  const end = head ?? AUDIT_START;
  if (end.sequence < last) faults.push(`messages ${end.sequence + 1} to ${last} were removed`);
  if (!isKnown) faults.push(`the log does not go through message ${known?.sequence} as it once was`);
  return { messages, entries, head: end, faults, untold: [...begun.values()] };
}

/** After a message that is wrong the chain is looked at from there on. */
function follow(
  head: AuditHead | undefined,
  sequence: number,
  bytes: Uint8Array,
): { readonly next: AuditHead; readonly fault?: string } {
  try {
    return { next: nextAudit(head, sequence, bytes) };
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    return { next: { sequence, hash: Buffer.from(bytes).toString('latin1', 0, 64) }, fault };
  }
}

function entriesIn(bytes: Uint8Array): readonly AuditEntry[] {
  try {
    return decodeAudit(bytes).message.entries;
  } catch {
    return [];
  }
}

function noteAct(begun: Map<string, AuditEntry>, entry: AuditEntry): void {
  if (entry.change === undefined) return;
  if (entry.result === 'begun') begun.set(entry.change, entry);
  else begun.delete(entry.change);
}
